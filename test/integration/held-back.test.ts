import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startHost, type TestHost } from '../helpers/host.ts';
import { nextTry, observedShop, renewShop } from '../helpers/renewals.ts';
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
