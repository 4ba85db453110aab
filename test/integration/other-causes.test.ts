import { utimesSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint } from '@certherd/protocol/snapshot';
import { runAgent } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { apache, loadTls } from '../helpers/testbed/apache.ts';
import { haproxy, haproxyDefaults } from '../helpers/testbed/haproxy.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

/** `check` on a host on which only this server program is. */
async function check(sandbox: Sandbox, table: string, configFile: string) {
  const config = `${sandbox.directory}/agent.toml`;
  writeFileSync(
    config,
    `[nginx]\nconfig = "/nonexistent/nginx.conf"\n[certbot]\nconfig_directory = "/nonexistent"\n[${table}]\nconfig = "${configFile}"\n`,
  );
  const { stdout } = await runAgent(sandbox, ['check', '--json', '--config', config]);
  const report: { endpoints: Endpoint[]; findings: Finding[] } = JSON.parse(stdout);
  return { ...report, drift: report.findings.find(({ code }) => code === 'not-served') };
}

test('Apache that was not reloaded since its certificate changed is told from the start of its processes', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const name = 'one.example.test';
  const server = apache(
    sandbox,
    `Include base.conf\n${loadTls}\nListen 127.0.0.1:${port}\n<VirtualHost 127.0.0.1:${port}>\nServerName ${name}\nSSLEngine on\nSSLCertificateFile one.pem\nSSLCertificateKeyFile one.key\n</VirtualHost>\n`,
  );
  const write = async () => {
    const { pem, keyPem } = await mint({ names: [name] });
    server.write('one.key', keyPem);
    server.write('one.pem', pem);
  };
  await write();
  // older than the start for certain, whose time is told to some 20 ms
  utimesSync(`${server.serverRoot}/one.pem`, new Date(), new Date(Date.now() - 5000));
  const running = await server.start();
  const look = () => check(sandbox, 'apache', server.configFile);
  const healthy = await until('it answers', async () => {
    const seen = await look();
    return seen.endpoints[0]?.reached === 'served' && seen;
  });
  t.truthy(healthy.endpoints[0]?.reachedAt?.loaded, 'its parent is younger than the file');
  await write();
  const { drift, endpoints } = await look();
  t.is(endpoints[0]?.reached, 'configured');
  t.regex(
    drift?.cause ?? '',
    /apache has not been reloaded since \S+one\.pem changed at .*: one of its processes started at/,
  );
  const times = [drift?.evidence['process started'], drift?.evidence['file changed']].map((at) => Date.parse(at ?? ''));
  t.true((times[0] ?? Infinity) < (times[1] ?? 0), times.join(' '));
  t.is((await server.reload()).exit, 0);
  await until('it is served', async () => (await look()).endpoints[0]?.reached === 'served');
  t.true(running.running());
});

test('HAProxy that was not reloaded since its certificate changed is told from the start of its process', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const server = haproxy(sandbox, '');
  const write = async () => {
    const { pem, keyPem } = await mint({ names: ['front.example.test'] });
    return server.write('front.pem', pem + keyPem);
  };
  const pem = await write();
  utimesSync(pem, new Date(), new Date(Date.now() - 5000));
  const ready = `${server.directory}/ready`;
  server.write(
    'haproxy.cfg',
    `${haproxyDefaults}frontend f\n  bind 127.0.0.1:${port} ssl crt ${pem}\n  bind unix@${ready}\n`,
  );
  const first = await server.start(ready);
  const look = () => check(sandbox, 'haproxy', server.configFile);
  t.is((await look()).endpoints[0]?.reached, 'served');
  await write();
  const { drift, endpoints } = await look();
  t.is(endpoints[0]?.reached, 'configured');
  t.regex(
    drift?.cause ?? '',
    /haproxy has not been reloaded since \S+front\.pem changed at .*: its newest process started at/,
  );
  utimesSync(pem, new Date(), new Date(Date.now() - 1000));
  await first.end();
  await server.start(ready);
  const restarted = await until('it is served', async () => {
    const seen = await look();
    return seen.endpoints[0]?.reached === 'served' && seen;
  });
  t.truthy(restarted.endpoints[0]?.reachedAt?.loaded);
});
