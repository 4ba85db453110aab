import test from 'ava';
import { lookForCauses } from '../helpers/causes.ts';
import { shopName, startHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

test('20 renewals with reloads on a healthy host: no look after the new certificate is served finds anything', async (t) => {
  t.timeout(280_000);
  const host = await startHost(t);
  for (let renewal = 1; renewal <= 20; renewal += 1) {
    t.is((await host.certbot.renew('shop')).exit, 0);
    const leaf = host.certbot.lineage('shop').leaf();
    t.is((await host.nginx.reload()).exit, 0);
    await until(
      'the new certificate is served',
      async () => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint === leaf,
      { everyMs: 5 },
    );
    // old workers may be there, and may even answer: that is a reload under way, and no other cause
    const during = await lookForCauses(host);
    const others = during.findings.filter(({ code }) => code !== 'not-served');
    t.deepEqual(others, []);
    t.deepEqual(
      during.causes.filter(({ kind }) => kind !== 'reloading'),
      [],
    );
    await until('only new workers accept connections', async () => {
      const { running } = await lookForCauses(host);
      const workers = running.masters.find(({ pid }) => pid === running.own)?.workers ?? [];
      return workers.filter(({ shuttingDown }) => !shuttingDown).length === 2;
    });
    const after = await lookForCauses(host);
    t.deepEqual(after.findings, []);
    t.deepEqual(after.causes, []);
  }
});
