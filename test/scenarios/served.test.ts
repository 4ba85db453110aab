import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { shopName } from '../helpers/host.ts';
import { cleared, commandsOf, follow, found, healthy, sharedHost } from '../helpers/scenario.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';

const shared = sharedHost(test);

test.serial('not-served: renewed, and nginx never reloaded', async (t) => {
  const host = shared();
  const old = host.certbot.lineage('shop').leaf();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const renewed = host.certbot.lineage('shop').leaf();
  const finding = await found(host, 'not-served');
  t.is(finding.severity, 'critical');
  t.like(finding.evidence, { issued: renewed, configured: renewed, served: old });
  t.regex(finding.cause, /nginx has not been reloaded since .* changed at .*: its newest worker started at /);
  const [started = '', changed = ''] = ['newest worker started', 'file changed'].map((one) => finding.evidence[one]);
  t.true(Date.parse(started) < Date.parse(changed));
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
});

test.serial('not-served: the config names a numbered file of the archive', async (t) => {
  const host = shared();
  const { certificate, key } = host.certbot.lineage('shop');
  const pinned = { certificate: fs.realpathSync(certificate), key: fs.realpathSync(key) };
  const file = host.nginx.writeSite('shop', site({ serverNames: [shopName], port: host.tlsPort, pairs: [pinned] }));
  await host.nginx.reloadWhole();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const finding = await found(host, 'not-served');
  t.true(finding.cause.includes(`${file}:1 names ${pinned.certificate}, an older version of lineage shop`));
  const [, named, newKey, command = ''] = /^In \S+ name (\S+) and (\S+), then: (.*)$/.exec(finding.remedy) ?? [];
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, text.replace(pinned.certificate, named ?? '').replace(pinned.key, newKey ?? ''));
  await follow(t, host, command);
  await cleared(t, host, finding);
});

test.serial('stale-copy: the files were copied for nginx, and renewals never reach them', async (t) => {
  const host = shared();
  const lineage = host.certbot.lineage('shop');
  const directory = host.sandbox.folder('copies');
  const copy = { certificate: path.join(directory, 'shop.pem'), key: path.join(directory, 'shop.key') };
  fs.copyFileSync(lineage.certificate, copy.certificate);
  fs.copyFileSync(lineage.key, copy.key);
  host.nginx.writeSite('shop', site({ serverNames: [shopName], port: host.tlsPort, pairs: [copy] }));
  await host.nginx.reloadWhole();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const finding = await found(host, 'stale-copy');
  t.is(finding.severity, 'warning');
  t.regex(finding.cause, /is a copy of version \d+ of lineage shop, and no link to it/);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, lineage.leaf());
  host.nginx.writeSite('shop', site({ serverNames: [shopName], port: host.tlsPort, pairs: [lineage] }));
  await host.nginx.reloadWhole();
});

test.serial(
  'deployment-failing: the agent reloads, and nginx refuses what no reader of configs could know',
  async (t) => {
    const host = shared();
    const bad = host.nginx.writeSite('bad', 'bogus_directive on;\n');
    host.setMode('deploy');
    const agent = host.daemon();
    t.is((await host.certbot.renew('shop')).exit, 0);
    // The finding rests on what the daemon tried, which a check of its own knows nothing of.
    const finding = await until('the daemon tells of it', () =>
      remembered(host.sandbox.directory, 'deployment-failing'),
    );
    t.is(finding.severity, 'critical');
    t.regex(
      finding.cause,
      /the last reload of nginx failed \(config-test-failed\): .*unknown directive "bogus_directive"/,
    );
    const [program = '', ...args] = commandsOf(finding.remedy)[0] ?? [];
    const refused = await host.sandbox.run(program, args);
    t.regex(refused.stderr, /unknown directive "bogus_directive"/, 'the remedy shows what is to be mended');
    fs.rmSync(bad);
    await follow(t, host, finding.remedy);
    await until('the daemon tells of it no longer', () => !remembered(host.sandbox.directory, 'deployment-failing'));
    await agent.end();
    host.setMode('observe');
    await healthy(t, host);
  },
);

test.serial('endpoint-unreachable: nginx is down, until the printed command starts it', async (t) => {
  const host = shared();
  await host.nginx.close();
  const finding = await found(host, 'endpoint-unreachable');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /^nothing accepts connections at .* nginx is not running, or could not bind$/);
  // This config has `daemon off`, so that the command goes on for as long as nginx runs.
  const [program = '', ...args] = commandsOf(finding.remedy)[0] ?? [];
  const started = host.sandbox.start(program, args, path.join(host.sandbox.directory, 'started.log'));
  await cleared(t, host, finding);
  await started.end();
});

interface Remembered {
  sightings: { finding: { code: string; severity: string; cause: string; remedy: string }; goneAt?: number }[];
}

/** A finding that the daemon keeps between its looks. */
function remembered(directory: string, code: string) {
  const { sightings }: Remembered = JSON.parse(fs.readFileSync(`${directory}/state/memory.json`, 'utf8'));
  return sightings.find(({ finding, goneAt }) => finding.code === code && goneAt === undefined)?.finding;
}
