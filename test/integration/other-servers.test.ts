import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { runAgent } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { apache, loadTls } from '../helpers/testbed/apache.ts';
import { haproxy, haproxyDefaults } from '../helpers/testbed/haproxy.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

interface Report {
  endpoints: { server: string; serverName: string; served?: string; configured?: string; reached: string }[];
  findings: { code: string; remedy: string; cause: string }[];
}

/** `check` on a host on which only this server program is. */
async function checking(t: ExecutionContext, table: string) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  const check = async (configFile: string): Promise<Report> => {
    fs.writeFileSync(
      config,
      `[nginx]\nconfig = "/nonexistent/nginx.conf"\n[certbot]\nconfig_directory = "/nonexistent"\n[${table}]\nconfig = "${configFile}"\n`,
    );
    return JSON.parse((await runAgent(sandbox, ['check', '--json', '--config', config])).stdout);
  };
  return { sandbox, check };
}

const codesOf = ({ findings }: Report) => findings.map(({ code }) => code);

test('the incident on Apache is seen, with the command for Apache, and gone after its reload', async (t) => {
  const { sandbox, check } = await checking(t, 'apache');
  const port = await sandbox.port();
  const first = await mint({ names: ['a.example.test'] });
  const pem = `${sandbox.directory}/a.pem`;
  fs.writeFileSync(pem, first.pem + first.keyPem, { mode: 0o600 });
  const site = `Listen 127.0.0.1:${port}\n<VirtualHost 127.0.0.1:${port}>\n  ServerName a.example.test\n  SSLEngine on\n  SSLCertificateFile ${pem}\n</VirtualHost>\n`;
  const server = apache(sandbox, `Include base.conf\n${loadTls}\n${site}`);
  await server.start();
  const healthy = await check(server.configFile);
  t.like(healthy.endpoints, [{ server: 'apache', serverName: 'a.example.test', reached: 'served' }]);
  t.false(codesOf(healthy).includes('not-served'));

  const second = await mint({ names: ['a.example.test'] });
  fs.writeFileSync(pem, second.pem + second.keyPem, { mode: 0o600 });
  const drifted = (await check(server.configFile)).findings.find(({ code }) => code === 'not-served');
  t.is(drifted?.remedy, 'systemctl reload apache2');
  t.regex(drifted?.cause ?? '', /apache has not loaded it since/);
  t.is((await server.reload()).exit, 0);
  const healed = await until('the new one is served', async () => {
    const report = await check(server.configFile);
    return !codesOf(report).includes('not-served') && report;
  });
  t.is(healed.endpoints[0]?.served, second.x509.fingerprint256.replaceAll(':', '').toLowerCase());
});

test('HAProxy is asked for the names of its certificates, and a copy that it loaded earlier is seen', async (t) => {
  const { sandbox, check } = await checking(t, 'haproxy');
  const port = await sandbox.port();
  const server = haproxy(sandbox, '');
  const first = await mint({ names: ['front.example.test', 'www.front.example.test'] });
  const pem = server.write('front.pem', first.pem + first.keyPem);
  fs.chmodSync(pem, 0o600);
  const ready = `${server.directory}/ready`;
  server.write(
    'haproxy.cfg',
    `${haproxyDefaults}frontend f\n  bind 127.0.0.1:${port} ssl crt ${pem}\n  bind unix@${ready}\n`,
  );
  await server.start(ready);
  const healthy = await check(server.configFile);
  const names = healthy.endpoints.map(({ server: program, serverName, reached }) => [program, serverName, reached]);
  t.deepEqual(names, [
    ['haproxy', '', 'served'],
    ['haproxy', 'front.example.test', 'served'],
    ['haproxy', 'www.front.example.test', 'served'],
  ]);
  const second = await mint({ names: ['front.example.test', 'www.front.example.test'] });
  fs.writeFileSync(pem, second.pem + second.keyPem);
  const drifted = await check(server.configFile);
  t.is(drifted.findings.filter(({ code }) => code === 'not-served').length, 3);
  t.is(drifted.findings.find(({ code }) => code === 'not-served')?.remedy, 'systemctl reload haproxy');
});
