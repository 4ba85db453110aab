import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';
import { certbot } from './helpers/testbed/certbot.ts';
import { handshake } from './helpers/testbed/handshake.ts';
import { site, startNginx } from './helpers/testbed/nginx.ts';
import { startPebble } from './helpers/testbed/pebble.ts';
import { openSandbox } from './helpers/testbed/sandbox.ts';
import { until } from './helpers/testbed/until.ts';

test('a certificate is issued, renewed, and served only after a reload', async (t) => {
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const httpPort = await sandbox.port();
  const tlsPort = await sandbox.port();
  const [pebble, nginx] = await Promise.all([
    startPebble(sandbox, { validitySeconds: 7200, httpPort }),
    startNginx(sandbox, { httpPort }),
  ]);
  t.regex(pebble.rootPem, /^-----BEGIN CERTIFICATE-----/);
  const client = certbot(sandbox, pebble);

  const issuing = { keyType: 'ecdsa', webroot: nginx.webroot } as const;
  const issued = await client.issue('shop', ['shop.example.test', 'www.shop.example.test'], issuing);
  t.is(issued.exit, 0, issued.stderr);
  const lineage = client.lineage('shop');
  const first = lineage.leaf();

  nginx.writeSite(
    'shop',
    site({
      serverNames: ['shop.example.test'],
      port: tlsPort,
      pairs: [{ certificate: lineage.certificate, key: lineage.key }],
    }),
  );
  const tested = await nginx.test();
  t.is(tested.exit, 0, tested.stderr);
  t.is((await nginx.reload()).exit, 0);
  const served = await until('the first certificate is served', () => handshake(tlsPort, 'shop.example.test', 'ecdsa'));
  t.is(served.fingerprint, first);
  t.is(served.subjectAltNames, 'DNS:shop.example.test, DNS:www.shop.example.test');
  await t.throwsAsync(
    handshake(tlsPort, 'shop.example.test', 'rsa'),
    undefined,
    'there is no RSA certificate to present',
  );

  const renewed = await client.renew('shop');
  t.is(renewed.exit, 0, renewed.stderr);
  const second = lineage.leaf();
  t.not(second, first);
  t.is((await handshake(tlsPort, 'shop.example.test', 'ecdsa')).fingerprint, first, 'nobody reloaded nginx yet');
  t.regex(readFileSync(lineage.keyTarget(), 'utf8'), /PRIVATE KEY/);

  const workers = nginx.workers();
  t.is(workers.length, 2);
  t.is((await nginx.reload()).exit, 0);
  await until('the second certificate is served', async () => {
    return (await handshake(tlsPort, 'shop.example.test', 'ecdsa')).fingerprint === second;
  });
  await until('the old workers are gone', () => nginx.workers().every((worker) => !workers.includes(worker)));
});

test('two pebbles with their own lifetimes share one CA file', async (t) => {
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const httpPort = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort });
  const long = await startPebble(sandbox, { validitySeconds: 7200, httpPort });
  const short = await startPebble(sandbox, { validitySeconds: 90, httpPort, authority: long.authority });
  t.is(short.caFile, long.caFile);
  const client = certbot(sandbox, long);
  const issued = await client.issue('brief', ['brief.example.test'], {
    keyType: 'rsa',
    webroot: nginx.webroot,
    pebble: short,
  });
  t.is(issued.exit, 0, issued.stderr);
  const { stdout } = await promisify(execFile)('openssl', [
    'x509',
    '-noout',
    '-startdate',
    '-enddate',
    '-in',
    client.lineage('brief').certificate,
  ]);
  const [from, to] = [...stdout.matchAll(/=(.+)/g)].map((found) => Date.parse(found[1] ?? ''));
  t.true(Math.abs((to ?? 0) - (from ?? 0) - 90_000) <= 1000, stdout);
});

test('closing ends every process and removes the directory', async (t) => {
  const sandbox = openSandbox();
  const httpPort = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort });
  const processes = [nginx.pid(), ...nginx.workers()];
  t.true(processes.every(isRunning));
  await sandbox.close();
  t.false(existsSync(sandbox.directory));
  await until('all of nginx is gone', () => !processes.some(isRunning));
  t.pass();
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  test(`nothing runs on when the process that opened it dies of ${signal}`, async (t) => {
    const outer = openSandbox();
    t.teardown(outer.close);
    const temporary = outer.folder('tmp');
    const program = new URL('./helpers/testbed/orphan-trial.ts', import.meta.url).pathname;
    const child = outer.start(process.execPath, [program], `${outer.directory}/trial.log`, {
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: temporary },
    });
    const processes = await until('the trial runs nginx', () => {
      const listed = /^running (.+)$/m.exec(child.output())?.[1];
      return listed?.split(' ').map(Number);
    });
    t.true(processes.length >= 2);
    child.signal(signal);
    t.is((await child.exited).signal, signal);
    await until('all of nginx is gone', () => !processes.some(isRunning));
    // After SIGKILL nobody is left who could remove it.
    if (signal !== 'SIGKILL') t.deepEqual(readdirSync(temporary), []);
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
