import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { performHere } from '../../agent/commands/act.ts';
import { loadConfig } from '../../agent/config.ts';
import type { Request } from '../../agent/decide/action.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { apache, loadTls } from '../helpers/testbed/apache.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { haproxy, haproxyDefaults } from '../helpers/testbed/haproxy.ts';
import { until } from '../helpers/testbed/until.ts';
import { addVersion, linkedVersions } from '../helpers/versions.ts';

function perform(host: TestHost, request: Request) {
  const files = systemFiles();
  const config = loadConfig(files, host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  return performHere({ config: config.value, files }, request, () => {});
}
const stepsOf = ({ steps }: Awaited<ReturnType<typeof perform>>) => steps.map(({ step, ok }) => [step, ok]);
const leafAt = async (port: number, algorithm: 'rsa' | 'ecdsa') =>
  (await handshake(port, shopName, algorithm)).fingerprint;

/** The lineage `shop` at an Apache besides nginx. */
async function withApache(t: ExecutionContext) {
  const host = await startHost(t);
  host.setMode('deploy');
  const port = await host.sandbox.port();
  const { certificate, key, leaf } = host.certbot.lineage('shop');
  const server = apache(
    host.sandbox,
    `Include base.conf\n${loadTls}\nListen 127.0.0.1:${port}\n<VirtualHost 127.0.0.1:${port}>\n  ServerName ${shopName}\n  SSLEngine on\n  SSLCertificateFile ${certificate}\n  SSLCertificateKeyFile ${key}\n</VirtualHost>\n`,
  );
  fs.appendFileSync(host.configFile, `[apache]\nconfig = "${server.configFile}"\n`);
  // what the agent starts again outlives the test otherwise
  t.teardown(() => host.sandbox.run(server.binary, ['-d', server.serverRoot, '-f', server.configFile, '-k', 'stop']));
  const child = await server.start();
  t.is(await leafAt(port, 'ecdsa'), leaf());
  return { host, server, port, child };
}

test('Apache loads what was renewed, is proved, and nginx is left alone', async (t) => {
  const { host, port } = await withApache(t);
  const old = host.certbot.lineage('shop').leaf();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const outcome = await perform(host, { verb: 'reload', server: 'apache' });
  t.is(outcome.reason, 'done', outcome.detail);
  t.deepEqual(stepsOf(outcome), [
    ['preflight', true],
    ['apache2 -t', true],
    ['apache2 -k graceful', true],
    ['prove every endpoint', true],
  ]);
  t.is(await leafAt(port, 'ecdsa'), host.certbot.lineage('shop').leaf());
  t.is(await leafAt(host.tlsPort, 'ecdsa'), old);
});

test('the daemon brings one renewal into service at nginx and at Apache, though a file of another site of Apache is gone', async (t) => {
  const { host, server, port } = await withApache(t);
  const daemon = host.daemon();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const renewed = host.certbot.lineage('shop').leaf();
  const isServed = async (at: number) => (await leafAt(at, 'ecdsa')) === renewed;
  await until('Apache serves it', () => isServed(port));
  await until('nginx serves it', () => isServed(host.tlsPort));
  fs.appendFileSync(
    server.configFile,
    `<VirtualHost 127.0.0.1:${port}>\n  ServerName gone.test\n  SSLEngine on\n  SSLCertificateFile /nonexistent/gone.pem\n</VirtualHost>\n`,
  );
  t.is((await host.certbot.renew('shop')).exit, 0);
  const next = host.certbot.lineage('shop').leaf();
  await until('nginx serves the next one', async () => (await leafAt(host.tlsPort, 'ecdsa')) === next);
  await daemon.end();
  t.is(await leafAt(port, 'ecdsa'), renewed, 'Apache would not start with its config, and was not told to load it');
});

test('Apache ends at a reload with a key that OpenSSL finds too weak, and is brought back with the certificate before', async (t) => {
  const { host, port, child } = await withApache(t);
  const old = host.certbot.lineage('shop').leaf();
  const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  await addVersion(host, 'shop', { names: [shopName], key });
  const outcome = await perform(host, { verb: 'reload', server: 'apache' });
  t.is(outcome.reason, 'restored', outcome.detail);
  t.false(child.running(), 'its own test had found nothing, and it ended');
  t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
  t.is(await leafAt(port, 'ecdsa'), old);
});

test('a broken config of Apache fails its test, in its own words, and nothing is loaded', async (t) => {
  const { host, server, child } = await withApache(t);
  await addVersion(host, 'shop', { names: [shopName] });
  const broken = `${fs.readFileSync(server.configFile, 'utf8')}\nHeader set X-A b\n`;
  fs.writeFileSync(server.configFile, broken);
  const outcome = await perform(host, { verb: 'reload', server: 'apache' });
  t.is(outcome.reason, 'config-test-failed', outcome.detail);
  t.regex(outcome.detail, /Syntax error on line \d+ of .*apache2\.conf: Invalid command 'Header'/);
  t.true(child.running());
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2], 'the certificate is not to blame');
});

test('an Apache that does not run is said, and not started', async (t) => {
  const { host, port, child } = await withApache(t);
  await child.end();
  await addVersion(host, 'shop', { names: [shopName] });
  const outcome = await perform(host, { verb: 'reload', server: 'apache' });
  t.is(outcome.reason, 'reload-failed');
  t.regex(outcome.detail, /was looked for, and not found/);
  await t.throwsAsync(leafAt(port, 'ecdsa'));
});

/** The lineage `shop` at a HAProxy besides nginx; its key stands where HAProxy looks for it. */
async function withHaproxy(t: ExecutionContext, flags: string[], bindOptions = '') {
  const host = await startHost(t);
  host.setMode('deploy');
  const port = await host.sandbox.port();
  const { certificate } = host.certbot.lineage('shop');
  fs.symlinkSync('privkey.pem', `${certificate}.key`);
  const server = haproxy(host.sandbox, '');
  const ready = path.join(server.directory, 'ready');
  server.write(
    'haproxy.cfg',
    `${haproxyDefaults}frontend f\n  bind 127.0.0.1:${port} ssl crt ${certificate}${bindOptions}\n  bind unix@${ready}\n`,
  );
  fs.appendFileSync(
    host.configFile,
    `[haproxy]\nconfig = "${server.configFile}"\npid_file = "${server.directory}/pid"\n`,
  );
  const log = path.join(host.sandbox.directory, 'haproxy.log');
  const child = host.sandbox.start(server.binary, [...flags, '-db', '-f', server.configFile], log);
  await until('haproxy listens', () => fs.existsSync(ready), {
    hopeless: () => (child.running() ? undefined : child.output()),
  });
  return { host, server, port, child };
}

test('HAProxy with a master loads what was renewed, and is proved', async (t) => {
  const { host, port } = await withHaproxy(t, ['-W']);
  t.is((await host.certbot.renew('shop')).exit, 0);
  const outcome = await perform(host, { verb: 'reload', server: 'haproxy' });
  t.is(outcome.reason, 'done', outcome.detail);
  t.deepEqual(stepsOf(outcome), [
    ['preflight', true],
    ['haproxy -c', true],
    ['haproxy USR2', true],
    ['prove every endpoint', true],
  ]);
  t.is(await leafAt(port, 'ecdsa'), host.certbot.lineage('shop').leaf());
});

test('HAProxy whose ciphers do not fit the new key is led back to the certificate before', async (t) => {
  const { host, port } = await withHaproxy(t, ['-W'], ' ssl-max-ver TLSv1.2 ciphers ECDHE-ECDSA-AES128-GCM-SHA256');
  const old = host.certbot.lineage('shop').leaf();
  await addVersion(host, 'shop', { names: [shopName], key: 'rsa' });
  const outcome = await perform(host, { verb: 'reload', server: 'haproxy' });
  t.is(outcome.reason, 'restored', outcome.detail);
  t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
  t.is(await leafAt(port, 'ecdsa'), old);
});

test('a file that HAProxy refuses fails its test, and the version before is put back', async (t) => {
  const { host } = await withHaproxy(t, ['-W']);
  const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  await addVersion(host, 'shop', { names: [shopName], key });
  const outcome = await perform(host, { verb: 'reload', server: 'haproxy' });
  t.is(outcome.reason, 'restored', outcome.detail);
  t.regex(outcome.detail, /config-test-failed: parsing \[.*haproxy\.cfg:\d+\] : .*fullchain\.pem/);
  t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
});

test('a HAProxy without a master is left as it is, and what to do is said', async (t) => {
  const { host, port, child } = await withHaproxy(t, []);
  const old = host.certbot.lineage('shop').leaf();
  await addVersion(host, 'shop', { names: [shopName] });
  const outcome = await perform(host, { verb: 'reload', server: 'haproxy' });
  t.is(outcome.reason, 'reload-failed');
  t.regex(outcome.detail, new RegExp(`HAProxy \\(pid ${child.pid}\\) runs without a master .*start it with -W`));
  t.is(await leafAt(port, 'ecdsa'), old);
});
