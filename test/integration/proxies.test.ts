import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { formatAuthority } from '../../collector/authority.ts';
import { runCollector, startTestCollector } from '../collector/helpers/real-collector.ts';
import { consultation } from '../helpers/doctor.ts';
import { makeAuthority } from '../helpers/testbed/authority.ts';
import { startNginx } from '../helpers/testbed/nginx.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

/** A host of its own with its environment, and the certherd-agent there. */
function host(sandbox: Sandbox, name: string, env: Record<string, string> = {}, settings = '') {
  const config = `${sandbox.directory}/${name}.toml`;
  fs.writeFileSync(config, `host_name = "${name}"\nstate_directory = "${sandbox.directory}/${name}"\n${settings}`);
  const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
  const argv = (args: string[]) => [program, ...args, '--config', config];
  const surroundings = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...env } };
  return {
    enroll: (join: string) => sandbox.run(process.execPath, argv(['enroll', join]), surroundings),
    doctor: () => sandbox.run(process.execPath, argv(['doctor', '--json']), surroundings),
    start: () => sandbox.start(process.execPath, argv(['run']), `${sandbox.directory}/${name}.log`, surroundings),
  };
}

function sandboxOf(t: ExecutionContext): Sandbox {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  return sandbox;
}

async function tokenOf(directory: string, config: string, ...args: string[]): Promise<string> {
  const made = runCollector(['token', 'create', '--config', config, '--data', directory, ...args]);
  if ((await made.ended) !== 0) throw new Error(made.complaints.join('\n'));
  return made.lines[0] ?? '';
}

test('behind a real nginx that ends TLS: its key is pinned, or its certificate trusted by the roots, and a session lives', async (t) => {
  const sandbox = sandboxOf(t);
  const collector = await startTestCollector(t, { agentProxies: ['127.0.0.1'] });
  const ca = await makeAuthority(sandbox);
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const port = await sandbox.port();
  nginx.writeSite(
    'collector',
    `server {
      listen 127.0.0.1:${port} ssl;
      ssl_certificate ${ca.certificateFile};
      ssl_certificate_key ${ca.keyFile};
      location /agent/v1 {
        proxy_pass https://${formatAuthority(collector.agentAddress)};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_read_timeout 120s;
      }
    }\n`,
  );
  await nginx.reloadWhole();
  const config = `${sandbox.directory}/collector.toml`;
  fs.writeFileSync(config, `public_address = "localhost:${port}"\npublic_trust = "system-ca"\n`);

  const own = await tokenOf(collector.directory, config, '--trust', 'own-key');
  const wrong = await host(sandbox, 'web-0').enroll(own);
  t.is(wrong.exit, 1);
  t.regex(wrong.stderr, /is not the collector of this join string .*The token was not sent/);

  const pinned = host(sandbox, 'web-1');
  const enrolled = await pinned.enroll(await tokenOf(collector.directory, config, '--trust', ca.certificateFile));
  t.is(enrolled.exit, 0, enrolled.stderr);
  pinned.start();

  const byRoots = await tokenOf(collector.directory, config);
  t.regex(byRoots, /^certherd:\/\/localhost:\d+\/system-ca\.[\w-]{43}$/);
  const strange = await host(sandbox, 'web-2').enroll(byRoots);
  t.is(strange.exit, 1);
  t.regex(strange.stderr, /a certificate that this host does not trust .*The token was not sent: .*extra_roots/);
  const another = await host(sandbox, 'web-3', {}, `extra_roots = ["${ca.caFile}"]\n`).enroll(
    byRoots.replace('localhost', '[::ffff:127.0.0.2]'),
  );
  t.not(another.exit, 0, 'the certificate names another host');
  const trusting = host(sandbox, 'web-3', {}, `extra_roots = ["${ca.caFile}"]\n`);
  t.is((await trusting.enroll(byRoots)).exit, 0);
  t.is(
    consultation(await trusting.doctor()).of('collector-reached').verdict,
    'ok',
    'and doctor trusts it by the same roots',
  );
  trusting.start();
  await until('both have told what they see', async () => {
    const { hosts } = await collector.estate();
    return hosts.length === 2 && hosts.every(({ connected, observedAt }) => connected && observedAt !== undefined);
  });
});

test("through an HTTP proxy's CONNECT, by HTTPS_PROXY, and past it by NO_PROXY", async (t) => {
  const sandbox = sandboxOf(t);
  const collector = await startTestCollector(t);
  const config = `${sandbox.directory}/collector.toml`;
  const { port } = collector.agentAddress;
  fs.writeFileSync(config, `public_address = "collector.example.test:${port}"\n`);
  const proxy = await connectProxy(t, () => net.connect(port, '127.0.0.1'));
  const env = { HTTPS_PROXY: `http://ann:secret@127.0.0.1:${proxy.port}` };

  const inside = host(sandbox, 'web-1', env);
  const enrolled = await inside.enroll(await tokenOf(collector.directory, config));
  t.is(enrolled.exit, 0, enrolled.stderr);
  t.deepEqual(proxy.asked, [{ target: `collector.example.test:${port}`, credentials: 'Basic YW5uOnNlY3JldA==' }]);
  inside.start();
  await until('the host has told what it sees', async () => {
    const [one] = (await collector.estate()).hosts;
    return one?.connected && one.observedAt;
  });
  t.is(proxy.asked.length, 2);

  const past = host(sandbox, 'web-2', { ...env, NO_PROXY: '127.0.0.1' });
  const join = await tokenOf(collector.directory, config, '--url', `127.0.0.1:${port}`);
  t.is((await past.enroll(join)).exit, 0);
  t.is(proxy.asked.length, 2);

  const refusing = await connectProxy(t, () => undefined);
  const refused = await host(sandbox, 'web-3', { HTTPS_PROXY: `http://ann:secret@127.0.0.1:${refusing.port}` }).enroll(
    await tokenOf(collector.directory, config),
  );
  t.is(refused.exit, 1);
  t.regex(refused.stderr, /cannot be reached .*407.*The token was not sent/);
  t.false(refused.stderr.includes('secret'));
});

test('a captive portal that answers everything with 200 gets no token', async (t) => {
  const sandbox = sandboxOf(t);
  const ca = await makeAuthority(sandbox);
  const heard: Buffer[] = [];
  const page = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin';
  const listen = async (server: net.Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => void server.close());
    return (server.address() as net.AddressInfo).port;
  };
  const answer = (socket: net.Socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard.push(bytes);
      socket.end(page);
    });
  };
  const plain = await listen(net.createServer(answer));
  const withTls = await listen(
    tls.createServer({ key: fs.readFileSync(ca.keyFile), cert: fs.readFileSync(ca.certificateFile) }, answer),
  );
  const token = 'T'.repeat(43);
  const pin = 'P'.repeat(43);
  const trusting = `extra_roots = ["${ca.caFile}"]\n`;
  const cases: [string, Record<string, string>, string, RegExp][] = [
    [`localhost:${plain}/${pin}`, {}, '', /The token was not sent|does not answer as a collector/],
    [`localhost:${withTls}/${pin}`, {}, '', /is not the collector of this join string/],
    [`localhost:${withTls}/system-ca`, {}, trusting, /answered 200 where a collector would take a WebSocket/],
    [
      `collector.example.test:443/${pin}`,
      { HTTPS_PROXY: `http://127.0.0.1:${plain}` },
      '',
      /cannot be reached|as a collector/,
    ],
  ];
  for (const [place, env, settings, words] of cases) {
    const ran = await host(sandbox, 'web-1', env, settings).enroll(`certherd://${place}.${token}`);
    t.is(ran.exit, 1, place);
    t.regex(ran.stderr, words, place);
    t.is(ran.stderr.trim().split('\n').length, 1, ran.stderr);
  }
  t.true(heard.length >= 3);
  t.false(Buffer.concat(heard).includes(token));
});

/** A real proxy: `open` gives the way to the target; without one it wants other credentials. */
async function connectProxy(t: ExecutionContext, open: () => net.Socket | undefined) {
  const asked: { target: string | undefined; credentials: string | undefined }[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, client: net.Socket) => {
    asked.push({ target: request.url, credentials: request.headers['proxy-authorization'] });
    client.on('error', () => {});
    const target = open();
    if (!target) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void proxy.close());
  return { port: (proxy.address() as net.AddressInfo).port, asked };
}
