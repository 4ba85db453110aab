import type { Certificate } from '@certherd/protocol/certificate';
import { readCertificate } from '@certherd/x509/certificate';
import test from 'ava';
import { mint, mintKey } from '../../helpers/mint.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, day, endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const instant = (days: number) => new Date(Date.now() + days * day).toISOString();
const names = { subjectAltNames: ['shop.example.test'], issuer: "C=US, O=Let's Encrypt, CN=R11" };
const older = certificate('older', { ...names, notBefore: instant(-80), notAfter: instant(10) });
const newer = certificate('newer', { ...names, notBefore: instant(-1), notAfter: instant(89) });

/** Installed by hand: no lineage renews it here. */
const copy = (name: string, one: Certificate) => {
  const { deployment: _, ...presented } = endpoint(one);
  const { host } = snapshot(one);
  return snapshot(one, { host: { ...host, name }, lineages: [], deployments: [], endpoints: [presented] });
};

test('once one host has a renewed certificate, another that still presents the one before is told of, until it has it too', async (t) => {
  const collector = await startTestCollector(t, { knownIssuers: ["Let's Encrypt"] });
  const join = await collector.join();
  const balancer = await begin(join, await enrol(join, 'lb-1'), { hostName: 'lb-1' });
  balancer.send(snapshotFrame(copy('lb-1', older)));
  await until('it is kept', async () => (await collector.estate()).endpoints.length === 1);
  const second = await collector.join();
  const origin = await begin(second, await enrol(second, 'web-1'), { hostName: 'web-1' });
  await until('both are known', async () => (await collector.estate()).hosts.length === 2);
  t.deepEqual((await collector.estate()).findings, []);

  origin.send(snapshotFrame(copy('web-1', newer)));
  const found = await until('the stale copy is found', async () =>
    (await collector.estate()).findings.find(({ code }) => code === 'stale-copy'),
  );
  t.like(found, { hostName: 'lb-1', severity: 'critical', subject: { kind: 'endpoint' }, stale: false });
  t.regex(found.cause, /is on web-1 /);
  const hosts = new Map((await collector.estate()).hosts.map(({ name, status }) => [name, status]));
  t.is(hosts.get('lb-1'), 'critical');
  t.is(hosts.get('web-1'), 'healthy');

  balancer.send(snapshotFrame(copy('lb-1', newer)));
  await until('it has the new one', async () =>
    (await collector.estate()).findings.every(({ code }) => code === 'shared-key'),
  );
  const { findings } = await collector.estate();
  t.deepEqual(
    findings.map(({ severity, evidence }) => [severity, evidence['hosts']]),
    [['notice', 'lb-1 web-1']],
  );

  origin.send(snapshotFrame(copy('web-1', certificate('strange', { ...names, issuer: 'O=Shadow CA, CN=X1' }))));
  const strange = await until('who is not known to issue here is named', async () =>
    (await collector.estate()).findings.find(({ code }) => code === 'unknown-issuer'),
  );
  t.like(strange, { hostName: 'web-1', severity: 'warning' });
  t.regex(strange.cause, /^It was issued by Shadow CA, /);

  // Two were cloned: each has a certificate of its own, and both have one key.
  const issued = async (name: string, key = mintKey('ec')) => {
    const subject = [['O', "Let's Encrypt"]] as const;
    const { der } = await mint({ names: [`${name}.example.test`], subject, key });
    const read = readCertificate(der);
    if (!read.ok) throw new Error(read.failure.detail);
    return { one: read.value, der: der.toString('base64') };
  };
  const key = mintKey('ec');
  const [first, other, mended] = [await issued('vm-1', key), await issued('vm-2', key), await issued('vm-2')];
  const begun = async (name: string) => {
    const to = await collector.join();
    const wire = await begin(to, await enrol(to, name), { hostName: name, maxVersion: 4 });
    return async ({ one, der }: typeof first) => {
      wire.send(snapshotFrame(copy(name, one)));
      const { fingerprints } = await wire.next('want-certificates');
      t.deepEqual(fingerprints, [one.fingerprint]);
      wire.send({ type: 'certificates', certificates: [{ fingerprint: one.fingerprint, der }] });
    };
  };
  const [tellFirst, tellOther] = [await begun('vm-1'), await begun('vm-2')];
  await tellFirst(first);
  await tellOther(other);
  const cloned = await until('their key is told', async () =>
    (await collector.estate()).findings.find(({ code }) => code === 'shared-key'),
  );
  t.is(cloned.evidence['hosts'], 'vm-1 vm-2');
  for (const { one } of [first, other]) t.true(cloned.evidence['certificates']?.includes(one.fingerprint));
  await tellOther(mended);
  await until('each has a key of its own', async () =>
    (await collector.estate()).findings.every(({ code }) => code !== 'shared-key'),
  );
});
