import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { nextTry, observedShop, renewShop } from '../helpers/renewals.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';
import { linkedVersions, linkVersion } from '../helpers/versions.ts';

/** A host whose second version did not come into service: the first one is linked back. */
async function heldBack(t: ExecutionContext): Promise<TestHost> {
  const host = await startHost(t);
  t.is((await host.certbot.renew('shop')).exit, 0);
  linkVersion(path.dirname(host.certbot.lineage('shop').certificate), 1);
  return host;
}

test('a renewal that fails is told as failed, although certbot linked the version again that was held back', async (t) => {
  const host = await heldBack(t);
  await host.pebble.close();
  const began = Date.now();
  const outcome = await renewShop(host);
  t.is(outcome.reason, 'connection', outcome.detail);
  t.true(
    outcome.detail.endsWith('; certbot linked version 2, which its archive had before, in place of version 1'),
    outcome.detail,
  );
  t.deepEqual(linkedVersions(host, 'shop'), [2, 2, 2, 2]);
  t.is(nextTry(host, outcome, began), began + 60_000);
});

test('what another certbot only linked again, while ours waited for its turn, is renewed', async (t) => {
  const host = await heldBack(t);
  const { configDirectory, certificate } = { ...host.certbot, ...host.certbot.lineage('shop') };
  const lock = path.join(configDirectory, '.certbot.lock');
  const program =
    'import fcntl,sys,time;f=open(sys.argv[1],"w");fcntl.lockf(f,fcntl.LOCK_EX);print("locked",flush=True)';
  const holder = host.sandbox.start(
    '/usr/bin/python3',
    ['-c', `${program}\nwhile 1: time.sleep(9)`, lock],
    path.join(host.sandbox.directory, 'holder.log'),
  );
  await until('the directory is locked', () => holder.output().includes('locked'));
  const outcome = await renewShop(host, {
    progress: (line) => {
      if (!line.startsWith('wait for another certbot')) return;
      // as any `certbot renew` does before it asks its CA
      linkVersion(path.dirname(certificate), 2);
      holder.signal('SIGKILL');
    },
  });
  t.is(outcome.reason, 'done', outcome.detail);
  t.is(outcome.detail, 'shop was renewed: version 3');
  t.true(outcome.steps.some(({ step }) => step.startsWith('wait for another certbot')));
  t.is(observedShop(host).lineage?.liveVersion, 3);
});

test('with one key for all versions (reuse_key) the version just before comes back, and then the one before that', async (t) => {
  const host = await startHost(t);
  const { renewalConfig, archive } = host.certbot.lineage('shop');
  const text = fs.readFileSync(renewalConfig, 'utf8');
  fs.writeFileSync(renewalConfig, text.replace('[renewalparams]', '[renewalparams]\nreuse_key = True'));
  const leaves = [host.certbot.lineage('shop').leaf()];
  for (const version of [2, 3]) {
    t.is((await host.certbot.renew('shop')).exit, 0);
    // certbot 2 copies the key; where it is told of no new one (storage.py, save_successor) it makes a link to the first
    const key = path.join(archive, `privkey${version}.pem`);
    t.deepEqual(fs.readFileSync(key), fs.readFileSync(path.join(archive, 'privkey1.pem')));
    fs.rmSync(key);
    fs.symlinkSync('privkey1.pem', key);
    leaves.push(host.certbot.lineage('shop').leaf());
  }
  host.setMode('deploy');
  const [first = '', second = ''] = leaves;
  for (const [version, leaf] of [
    [2, second],
    [1, first],
  ] as const) {
    const restored = await host.agent(['restore', 'shop']);
    t.is(restored.stdout, `shop: version ${version} is linked back, loaded by nginx and proved\n`, restored.stderr);
    t.deepEqual(linkedVersions(host, 'shop'), [version, version, version, version]);
    t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, leaf);
  }
});
