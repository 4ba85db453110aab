import { createHash, randomBytes } from 'node:crypto';
import { maxDerBytes, maxWantedCertificates } from '@certherd/protocol/version';
import { readCertificate } from '@certherd/x509/certificate';
import test from 'ava';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { mint, type Minted, mintKey } from '../../helpers/mint.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { begin, ended, enrol, refusal, type Wire, type WireIdentity } from '../helpers/wire-agent.ts';

const key = mintKey('ec');
const since4 = { maxVersion: 4 };

function factsOf({ der }: Pick<Minted, 'der'>) {
  const read = readCertificate(der);
  if (!read.ok) throw new Error(read.failure.detail);
  return read.value;
}

const holding = (certificates: ReturnType<typeof certificate>[]) =>
  snapshotFrame(snapshot(certificates[0] ?? certificate('none'), { certificates }));

/** The answer to the question that came, in one frame. */
async function tell(wire: Wire, ...known: Minted[]): Promise<string[]> {
  const { fingerprints } = await wire.next('want-certificates');
  const byFingerprint = new Map(known.map((one) => [factsOf(one).fingerprint, one.der.toString('base64')]));
  const certificates = fingerprints.map((fingerprint) => {
    const der = byFingerprint.get(fingerprint);
    return { fingerprint, ...(der !== undefined && { der }) };
  });
  wire.send({ type: 'certificates', certificates });
  return fingerprints;
}

const shown = async (collector: TestCollector, fingerprint: string) =>
  (await collector.estate()).certificates.find((one) => one.fingerprint === fingerprint);

const proved = (collector: TestCollector, fingerprint: string) =>
  until('the collector read it itself', async () => {
    const one = await shown(collector, fingerprint);
    return one?.basis === 'der' && one;
  });

/** Everything that was sent before was read. */
async function settled(wire: Wire, seq: number): Promise<void> {
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(seq)] });
  await wire.next('ack');
}

async function two(t: Parameters<typeof startTestCollector>[0]) {
  const collector = await startTestCollector(t);
  const identify = async (name: string): Promise<[Awaited<ReturnType<typeof collector.join>>, WireIdentity]> => {
    const join = await collector.join();
    return [join, await enrol(join, name)];
  };
  return { collector, hostile: await identify('hostile'), honest: await identify('web-1') };
}

test('an agent that tells false dates of another’s certificate is believed until the certificate itself is told, and never again', async (t) => {
  const { collector, hostile, honest } = await two(t);
  const one = await mint({ names: ['shop.example.test'], key });
  const facts = factsOf(one);
  const { fingerprint } = facts;
  const false_ = { ...facts, notAfter: '2099-01-01T00:00:00.000Z', subject: 'CN=elsewhere.test' };
  const liar = await begin(...hostile, since4);
  liar.send(holding([false_]));
  t.deepEqual(await tell(liar), [fingerprint], 'it says that it cannot find it');
  const before = await until('it is shown', () => shown(collector, fingerprint));
  t.like(before, { basis: 'told', notAfter: false_.notAfter, subject: false_.subject });
  t.is((await fetch(`${collector.url}/api/v1/certificates/${fingerprint}/pem`)).status, 404);

  const wire = await begin(...honest, since4);
  wire.send(holding([facts]));
  await tell(wire, one);
  const after = await proved(collector, fingerprint);
  t.like(after, { ...facts, basis: 'der' });
  const estate = await collector.estate();
  t.deepEqual(
    estate.endpoints.map(({ servedNotAfter }) => servedNotAfter),
    [facts.notAfter, facts.notAfter],
    'the liar’s own endpoint too',
  );

  liar.send(holding([false_, certificate('another')]));
  await until('its next snapshot is shown', () => shown(collector, certificate('another').fingerprint));
  t.like(await shown(collector, fingerprint), { ...facts, basis: 'der' });
  const told = await fetch(`${collector.url}/api/v1/certificates/${fingerprint}/pem`);
  t.is(await told.text(), one.pem);
  t.is(told.headers.get('content-disposition'), `attachment; filename="${fingerprint}.pem"`);
  t.is((await fetch(`${collector.url}/api/v1/certificates/${'A'.repeat(64)}/pem`)).status, 400);
});

test('the first to tell a certificate is asked for it at once; an agent that knows no such question is not, and what it says is kept', async (t) => {
  const { collector, hostile, honest } = await two(t);
  const one = await mint({ names: ['shop.example.test'], key });
  const facts = factsOf(one);
  const older = await begin(...hostile, { maxVersion: 3 });
  older.send(holding([facts]));
  t.like(await until('it is shown', () => shown(collector, facts.fingerprint)), { ...facts, basis: 'told' });
  await settled(older, 1);
  const asked = older.next('want-certificates');
  older.send({ type: 'certificates', certificates: [{ fingerprint: facts.fingerprint }] });
  const { frame, code } = await refusal(older);
  t.deepEqual([frame.reason, code], ['frame-invalid', 4006]);
  await t.throwsAsync(asked, undefined, 'it was never asked');

  const wire = await begin(...honest, since4);
  wire.send(holding([facts]));
  await tell(wire, one);
  await proved(collector, facts.fingerprint);
});

test('what was not asked for, what is not of its fingerprint, and what is too large end the session as no frame, and disturb nobody else', async (t) => {
  const { collector, hostile, honest } = await two(t);
  const neighbour = await begin(...honest, since4);
  const [one, other] = [await mint({ names: ['one.test'], key }), await mint({ names: ['other.test'], key })];
  const { fingerprint } = factsOf(one);
  const der = one.der.toString('base64');
  const wrong: object[][] = [
    [{ fingerprint: factsOf(other).fingerprint, der: other.der.toString('base64') }],
    [{ fingerprint, der: other.der.toString('base64') }],
    [
      { fingerprint, der },
      { fingerprint, der },
    ],
    [{ fingerprint, der: Buffer.alloc(maxDerBytes + 3).toString('base64') }],
    [{ fingerprint, der: `${der}\n` }],
    [],
  ];
  let generation = 0;
  for (const certificates of wrong) {
    const wire = await begin(...hostile, { ...since4, generation: ++generation });
    wire.send(holding([factsOf(one)]));
    await wire.next('want-certificates');
    wire.send({ type: 'certificates', certificates });
    const { frame, code } = await refusal(wire);
    t.deepEqual([frame.reason, code], ['frame-invalid', 4006], JSON.stringify(certificates).slice(0, 200));
    await settled(neighbour, generation);
  }
  t.is((await shown(collector, fingerprint))?.basis, 'told');
});

test('what no certificate can be read in stays as told, and is not asked for again; the session goes on', async (t) => {
  const { collector, honest } = await two(t);
  const noise = randomBytes(300);
  const trailing = await mint({ names: ['trailing.test'], key });
  const ders = [noise, Buffer.concat([trailing.der, Buffer.from('more')])];
  const told = ders.map((der) => ({
    ...certificate('x'),
    fingerprint: createHash('sha256').update(der).digest('hex'),
  }));
  const wire = await begin(...honest, since4);
  wire.send(holding(told));
  const { fingerprints } = await wire.next('want-certificates');
  t.deepEqual(new Set(fingerprints), new Set(told.map(({ fingerprint }) => fingerprint)));
  const certificates = told.map(({ fingerprint }, at) => ({ fingerprint, der: ders[at]?.toString('base64') }));
  wire.send({ type: 'certificates', certificates });
  await settled(wire, 1);
  for (const { fingerprint } of told) t.is((await shown(collector, fingerprint))?.basis, 'told');
  await ended(wire);
  const again = await begin(...honest, { ...since4, generation: 2, snapshotDigest: holding(told).digest });
  t.false(again.welcome.wantSnapshot);
  const asked = again.next('want-certificates');
  await settled(again, 2);
  await ended(again);
  await t.throwsAsync(asked, undefined, 'nor in another session');
});

test('an agent that does not find a certificate any more is asked again after its next snapshot, and not before', async (t) => {
  const { collector, honest } = await two(t);
  const one = await mint({ names: ['shop.example.test'], key });
  const facts = factsOf(one);
  const wire = await begin(...honest, since4);
  wire.send(holding([facts]));
  await tell(wire);
  await settled(wire, 1);
  wire.send(holding([facts]));
  await settled(wire, 2);
  wire.send(holding([facts, certificate('another')]));
  const asked = await tell(wire, one);
  t.true(asked.includes(facts.fingerprint));
  await proved(collector, facts.fingerprint);
  const never = wire.next('want-certificates');
  await settled(wire, 3);
  await ended(wire);
  await t.throwsAsync(never, undefined, 'the same snapshot again asked for nothing');
});

test('many certificates are asked for a few at a time, answered in as many frames as the agent likes', async (t) => {
  const { collector, honest } = await two(t);
  const all = await Promise.all(
    Array.from({ length: 2 * maxWantedCertificates + 5 }, (_, at) => mint({ names: [`site-${at}.test`], key })),
  );
  const byFingerprint = new Map(all.map((one) => [factsOf(one).fingerprint, one.der.toString('base64')]));
  const wire = await begin(...honest, since4);
  wire.send(holding(all.map(factsOf)));
  const sizes: number[] = [];
  while (sizes.reduce((sum, size) => sum + size, 0) < all.length) {
    const { fingerprints } = await wire.next('want-certificates');
    sizes.push(fingerprints.length);
    for (const fingerprint of fingerprints.toReversed())
      wire.send({ type: 'certificates', certificates: [{ fingerprint, der: byFingerprint.get(fingerprint) }] });
  }
  t.deepEqual(sizes, [maxWantedCertificates, maxWantedCertificates, 5]);
  const estate = await until('all are read', async () => {
    const found = await collector.estate();
    return found.certificates.every(({ basis }) => basis === 'der') && found;
  });
  t.is(estate.certificates.length, all.length);
});

test('a collector that is killed between the snapshot and its certificates asks for them when the agent is back', async (t) => {
  const { collector, honest } = await two(t);
  const one = await mint({ names: ['shop.example.test'], key });
  const facts = factsOf(one);
  const wire = await begin(...honest, since4);
  wire.send(holding([facts]));
  await wire.next('want-certificates');
  await collector.close();
  const next = await startTestCollector(t, { dataDirectory: collector.directory });
  const join = { ...honest[0], authority: (await next.join()).authority };
  const again = await begin(join, honest[1], { ...since4, generation: 2, snapshotDigest: holding([facts]).digest });
  t.false(again.welcome.wantSnapshot);
  await tell(again, one);
  await proved(next, facts.fingerprint);
});

test('nothing of a host that was revoked meanwhile is kept', async (t) => {
  const { collector, honest, hostile } = await two(t);
  const one = await mint({ names: ['shop.example.test'], key });
  const facts = factsOf(one);
  const other = await begin(...hostile, { maxVersion: 3 });
  other.send(holding([facts]));
  const wire = await begin(...honest, since4);
  wire.send(holding([facts]));
  const { fingerprints } = await wire.next('want-certificates');
  const store = openSqliteStore(collector.directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  await store.value.revoke(honest[1].agentId, Date.now());
  await store.value.close();
  wire.send({
    type: 'certificates',
    certificates: [{ fingerprint: fingerprints[0], der: one.der.toString('base64') }],
  });
  const { frame, code } = await refusal(wire);
  t.deepEqual([frame.reason, code], ['revoked', 4003]);
  t.is((await shown(collector, facts.fingerprint))?.basis, 'told');
});
