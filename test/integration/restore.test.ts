import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { performHere } from '../../agent/commands/act.ts';
import { loadConfig } from '../../agent/config.ts';
import type { Request } from '../../agent/decide/action.ts';
import { decide } from '../../agent/decide/decide.ts';
import { deploymentDigest } from '../../agent/decide/reload.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { look } from '../helpers/scenario.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';
import { addVersion, linkedVersions } from '../helpers/versions.ts';

const reloadNginx: Request = { verb: 'reload', server: 'nginx' };
const day = 86_400_000;

function settingsOf(host: TestHost) {
  const config = loadConfig(systemFiles(), host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  return config.value;
}
function perform(host: TestHost, request: Request) {
  return performHere({ config: settingsOf(host), files: systemFiles() }, request, () => {});
}
const served = async (host: TestHost, algorithm: 'rsa' | 'ecdsa' = 'rsa') =>
  (await handshake(host.tlsPort, shopName, algorithm)).fingerprint;

/** The site takes RSA certificates alone from now on, and its lineage has one. */
async function rsaOnly(host: TestHost): Promise<string> {
  const { certificate, key, leaf } = host.certbot.lineage('shop');
  await addVersion(host, 'shop', { names: [shopName], key: 'rsa' });
  const text = site({ serverNames: [shopName], port: host.tlsPort, pairs: [{ certificate, key }] });
  const ciphers = '  ssl_protocols TLSv1.2;\n  ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\n';
  host.nginx.writeSite('shop', text.replace('  return', `${ciphers}  return`));
  await host.nginx.reloadWhole();
  const old = leaf();
  await until('the RSA certificate is served', async () => (await served(host)) === old);
  return old;
}

test('a renewal whose key the server cannot use is taken back, and the certificate before is proved', async (t) => {
  const host = await startHost(t, { validitySeconds: 90 * 86_400 });
  host.setMode('deploy');
  const old = await rsaOnly(host);
  // certbot 2 renews as ECDSA what it issued so
  t.is((await host.certbot.renew('shop')).exit, 0);
  t.is((await host.nginx.test()).exit, 0, 'nginx itself sees nothing wrong');
  const newest = host.certbot.lineage('shop').leaf();
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.regex(outcome.detail, /no-shared-algorithm|handshake-failed/);
  t.true(outcome.detail.endsWith('version 2 is linked back, loaded and proved'), outcome.detail);
  t.deepEqual(
    outcome.steps.map(({ step, ok }) => [step, ok]),
    [
      ['preflight', true],
      ['nginx -t', true],
      ['nginx -s reload', true],
      ['prove every endpoint', false],
      ['link version 2 of shop', true],
      ['nginx -t', true],
      ['nginx -s reload', true],
      ['prove every endpoint', true],
    ],
  );
  t.true(outcome.steps.every(({ durationMs }) => durationMs >= 0));
  t.is(await served(host), old);
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);

  const { findings } = await look(host);
  const finding = findings.find(({ code }) => code === 'restored');
  t.is(finding?.severity, 'warning');
  t.is(finding?.evidence['held back'], `version 3, ${newest}`);
  t.false(
    findings.some(({ code }) => code === 'not-served' || code === 'lineage-broken'),
    'what is in use is what is configured',
  );

  // any run of certbot, its own timer's too, leads the links to the newest again: that state is known, and not loaded once more
  const { binary, environment, configDirectory, workDirectory, logsDirectory } = host.certbot;
  const places = ['--config-dir', configDirectory, '--work-dir', workDirectory, '--logs-dir', logsDirectory];
  const run = await host.sandbox.run(binary, ['renew', '-n', '--no-random-sleep-on-renew', ...places], {
    env: environment,
  });
  t.is(run.exit, 0);
  t.deepEqual(linkedVersions(host, 'shop'), [3, 3, 3, 3]);
  const config = settingsOf(host);
  const seen = await observeHost(systemLooking(), config, { name: 'web-1', agentVersion: '0', platform: '' });
  const tried = { verb: 'reload' as const, subject: deploymentDigest(seen), at: seen.at, reason: outcome.reason };
  const planned = (now: number) => decide(seen, [{ ...tried, detail: outcome.detail }], [], config, now);
  t.deepEqual(planned(seen.at).plan.actions, []);
  const told = planned(seen.at).snapshot.findings.find(({ code }) => code === 'not-served');
  t.is(told?.remedy, `certherd-agent restore shop --config ${host.configFile}`);
  t.deepEqual(
    planned(seen.at + 600_000).plan.actions.map(({ request }) => request),
    [{ verb: 'restore', lineage: 'shop' }],
  );
  const again = await perform(host, { verb: 'restore', lineage: 'shop' });
  t.is(again.reason, 'done', again.detail);
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);
  t.is(await served(host), old);

  t.is((await host.certbot.renew('shop')).exit, 0, 'certbot goes on from there');
  t.deepEqual(linkedVersions(host, 'shop'), [4, 4, 4, 4]);
});

test('a key that OpenSSL finds too weak fails the test, and the version before is put back before anything loads it', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const old = host.certbot.lineage('shop').leaf();
  const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  await addVersion(host, 'shop', { names: [shopName], key });
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.regex(outcome.detail, /config-test-failed: .*ee key too small.*version 1 is linked back/);
  t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
  t.is(await served(host, 'ecdsa'), old);
  t.is((await host.nginx.test()).exit, 0, 'nginx would start again');
});

test('one lineage is taken back, and another that came into service stays', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const otherName = 'other.example.test';
  const port = await host.sandbox.port();
  const { webroot } = host.nginx;
  t.is((await host.certbot.issue('other', [otherName], { keyType: 'ecdsa', webroot })).exit, 0);
  const other = host.certbot.lineage('other');
  host.nginx.writeSite('other', site({ serverNames: [otherName], port, pairs: [other] }));
  const old = await rsaOnly(host);
  await addVersion(host, 'shop', { names: [shopName] });
  await addVersion(host, 'other', { names: [otherName] });
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);
  t.deepEqual(linkedVersions(host, 'other'), [2, 2, 2, 2]);
  t.is(await served(host), old);
  t.is((await handshake(port, otherName, 'ecdsa')).fingerprint, other.leaf());
});

/** A site that takes one kind of certificates only, with this pair. */
async function siteFor(
  host: TestHost,
  name: string,
  pair: { certificate: string; key: string },
  kind: 'RSA' | 'ECDSA',
) {
  const port = await host.sandbox.port();
  const text = site({ serverNames: [name], port, pairs: [pair] });
  const ciphers = `  ssl_protocols TLSv1.2;\n  ssl_ciphers ECDHE-${kind}-AES128-GCM-SHA256;\n`;
  host.nginx.writeSite(name, text.replace('  return', `${ciphers}  return`));
  return port;
}

test('endpoints that nobody could connect to before do not make a restoration fail, and are told', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const { webroot } = host.nginx;
  t.is((await host.certbot.issue('other', ['other.example.test'], { keyType: 'ecdsa', webroot })).exit, 0);
  await siteFor(host, 'other.example.test', host.certbot.lineage('other'), 'RSA');
  const port = await siteFor(host, shopName, host.certbot.lineage('shop'), 'ECDSA');
  const old = await rsaOnly(host);
  await addVersion(host, 'shop', { names: [shopName] });
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.true(outcome.detail.endsWith('version 2 is linked back, loaded and proved'), outcome.detail);
  t.is(await served(host), old);
  const proof = outcome.steps.at(-1);
  t.true(proof?.ok);
  t.regex(proof?.detail ?? '', /^1 of 1 endpoints; apart from these: .*other\.example\.test at .* gives /);
  t.regex(proof?.detail ?? '', new RegExp(`shop\\.example\\.test at 127\\.0\\.0\\.1:${port} .* gives `));
});

test('by hand too only the lineage that is put back has to come into service', async (t) => {
  const host = await startHost(t);
  const old = host.certbot.lineage('shop').leaf();
  const { webroot } = host.nginx;
  t.is((await host.certbot.issue('other', ['other.example.test'], { keyType: 'ecdsa', webroot })).exit, 0);
  await siteFor(host, 'other.example.test', host.certbot.lineage('other'), 'RSA');
  await addVersion(host, 'shop', { names: [shopName] });
  host.setMode('deploy');
  const done = await host.agent(['restore', 'shop']);
  t.is(done.stdout, 'shop: version 1 is linked back, loaded by nginx and proved\n', done.stderr);
  t.regex(done.stderr, /1 of 1 endpoints; apart from these: other\.example\.test at /);
  t.is(await served(host, 'ecdsa'), old);
});

test('a reload without effect leaves the links as they are: clients still get the certificate before', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const old = host.certbot.lineage('shop').leaf();
  await addVersion(host, 'shop', { names: [shopName], key: 'rsa' });
  const squatter = `import socket;s=socket.create_server(("127.0.0.1",PORT));print("listens",flush=True)\nwhile 1: s.accept()[0].close()`;
  const port = await host.sandbox.port();
  const holder = host.sandbox.start(
    '/usr/bin/python3',
    ['-c', squatter.replace('PORT', String(port))],
    path.join(host.sandbox.directory, 'holder.log'),
  );
  await until('the other program listens', () => holder.output().includes('listens'));
  host.nginx.writeSite('taken', site({ serverNames: ['taken.test'], port, pairs: [host.certbot.lineage('shop')] }));
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'not-proved', outcome.detail);
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);
  t.is(await served(host, 'ecdsa'), old);
});

test('what cannot be served is not put back, and the outcome says why', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const old = await rsaOnly(host);
  const { archive } = host.certbot.lineage('shop');
  await addVersion(host, 'shop', { names: [shopName] });
  const whole = fs.readFileSync(path.join(archive, 'fullchain2.pem'));
  fs.writeFileSync(
    path.join(archive, 'privkey2.pem'),
    fs.readFileSync(path.join(archive, 'privkey2.pem')).subarray(0, 300),
  );
  const cut = await perform(host, reloadNginx);
  t.is(cut.reason, 'restore-failed', cut.detail);
  t.regex(cut.detail, /the one before was not put back: version 2 /);
  t.deepEqual(linkedVersions(host, 'shop'), [3, 3, 3, 3]);
  t.true(whole.length > 0);
  await t.throwsAsync(served(host), undefined, 'clients of the new one get no handshake');
  t.not(old, host.certbot.lineage('shop').leaf());

  // the same by hand goes back further, to what can be served
  const byHand = await host.agent(['restore', 'shop', '--json']);
  const [outcome] = JSON.parse(byHand.stdout).outcomes;
  t.is(outcome.reason, 'restore-failed', 'version 1 is of the kind that this server cannot use');
  t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
});

test('a version that has ended is not put back', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  await rsaOnly(host);
  await addVersion(host, 'shop', {
    names: [shopName],
    key: 'rsa',
    notBefore: new Date(Date.now() - 90 * day),
    notAfter: new Date(Date.now() - day),
  });
  const workers = host.nginx.workers();
  await host.nginx.reloadWhole();
  await until('only new workers are left', () => !workers.some((pid) => host.nginx.workers().includes(pid)));
  const ended = host.certbot.lineage('shop').leaf();
  await until('the ended one is served', async () => (await served(host)) === ended);
  await addVersion(host, 'shop', { names: [shopName] });
  const outcome = await perform(host, reloadNginx);
  t.is(outcome.reason, 'restore-failed', outcome.detail);
  t.regex(outcome.detail, /not put back: version 3 ended at /);
  t.deepEqual(linkedVersions(host, 'shop'), [4, 4, 4, 4]);
});

test('by hand the version before comes back into service, where the policy allows it', async (t) => {
  const host = await startHost(t);
  const old = host.certbot.lineage('shop').leaf();
  await addVersion(host, 'shop', { names: [shopName] });
  await host.nginx.reloadWhole();
  const newest = host.certbot.lineage('shop').leaf();
  await until('the newest is served', async () => (await served(host, 'ecdsa')) === newest);
  const refused = await host.agent(['restore', 'shop']);
  t.is(refused.exit, 1);
  t.regex(refused.stderr, /mode is "observe"/);
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);
  host.setMode('deploy');
  const done = await host.agent(['restore', 'shop']);
  t.is(done.exit, 0, done.stderr);
  t.is(done.stdout, 'shop: version 1 is linked back, loaded by nginx and proved\n');
  t.is(await served(host, 'ecdsa'), old);
  const none = await host.agent(['restore', 'shop']);
  t.is(none.exit, 1);
  t.regex(none.stderr, /shop was left as it is: the archive holds no earlier version/);
  t.is((await host.agent(['restore', 'other'])).exit, 1);
});
