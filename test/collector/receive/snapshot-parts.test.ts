import { createHash } from 'node:crypto';
import type { SnapshotPart } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { maxSnapshotBytes, maxSnapshotEntries, maxSnapshotFindings } from '@certherd/protocol/version';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { snapshotMistake } from '../../../collector/receive/consistency.ts';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createAssembly, createPartsRoom, partsWithinMs } from '../../../collector/receive/snapshot-parts.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, ended, enrol, refusal } from '../helpers/wire-agent.ts';

const newest = { minVersion: 1, maxVersion: 3 };
const text = JSON.stringify(snapshot(certificate('whole')));

/** Cut at these places. */
function parts(whole: string, ...cuts: number[]): SnapshotPart[] {
  const digest = createHash('sha256').update(whole).digest('hex');
  const places = [0, ...cuts, whole.length];
  return places.slice(1).map((end, at) => ({
    type: 'snapshot-part',
    digest,
    observedAt: '2026-11-27T10:00:00.000Z',
    part: at + 1,
    parts: cuts.length + 1,
    text: whole.slice(places[at], end),
  }));
}

function assembly(room = createPartsRoom(), agentId = 'agent-01', clock = handClock(0)) {
  let late = 0;
  const made = createAssembly(agentId, { room, clock, readFrame: createFrameReader() }, () => (late += 1));
  return { ...made, clock, late: () => late };
}

test('wherever it is cut, also within a character, the whole is what it was', (t) => {
  const whole = JSON.stringify(snapshot(certificate('😀', { subject: 'CN=😀.example "quoted" \\ é' })));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }), { minLength: 1, maxLength: 63 }),
      (cuts) => {
        const { add } = assembly();
        const all = parts(whole, ...cuts.sort((a, b) => a - b));
        // As it comes off the wire.
        const answers = all.map((part) => add(JSON.parse(JSON.stringify(part)) as SnapshotPart));
        t.true(answers.slice(0, -1).every((answer) => !('refused' in answer) && answer.whole === undefined));
        const last = answers.at(-1);
        t.deepEqual(last && 'whole' in last && last.whole?.frame.snapshot, JSON.parse(whole));
        t.is(last && 'whole' in last && last.whole?.bytes, Buffer.byteLength(whole));
      },
    ),
    { numRuns: 50, examples: [[[whole.indexOf('😀') + 1]]] },
  );
});

test('parts out of order, twice, of another snapshot or beyond their number are refused, and a first part begins anew', (t) => {
  const [one, two, three] = parts(text, 100, 200);
  const [other] = parts(`${text} `, 100, 200);
  if (!one || !two || !three || !other) throw new Error('three parts');
  const wrong: SnapshotPart[][] = [
    [two],
    [one, three],
    [one, two, two],
    [one, { ...two, digest: other.digest }],
    [one, { ...two, parts: 4 }],
    [one, two, { ...three, part: 4 }],
  ];
  for (const [index, list] of wrong.entries()) {
    const { add } = assembly();
    const answers = list.map(add);
    t.like(answers.at(-1), { refused: 'frame-invalid' }, `${index}`);
  }
  const { add } = assembly();
  t.true([one, two, one, two, three].map(add).every((answer) => !('refused' in answer)));
});

test('a whole that is not of its digest, no JSON or no snapshot is refused', (t) => {
  for (const whole of [text.slice(0, -1), '{"host":1}', `${text.slice(0, -1)},"__proto__":{}}`, 'null', '"x"']) {
    const { add } = assembly();
    t.like(parts(whole, 1).map(add).at(-1), { refused: 'frame-invalid' }, whole.slice(0, 20));
  }
  const { add } = assembly();
  const forged = parts(text, 100).map((part) => ({ ...part, digest: 'a'.repeat(64) }));
  t.deepEqual(forged.map(add).at(-1), { refused: 'frame-invalid', detail: 'snapshot-part: not of its digest' });
});

test('what is unfinished is bounded in bytes, in time, and for all agents together', (t) => {
  const room = createPartsRoom();
  const big = (part: number) =>
    ({ ...parts('x'.repeat(64), 1)[0], part, parts: 64, text: 'x'.repeat(512 * 1024) }) as SnapshotPart;
  const greedy = assembly(room);
  const answers = Array.from({ length: maxSnapshotBytes / (512 * 1024) + 1 }, (_, at) => greedy.add(big(at + 1)));
  t.like(answers.at(-1), { refused: 'frame-invalid' });
  t.true(answers.slice(0, -1).every((answer) => !('refused' in answer)));

  const many = Array.from({ length: 200 }, () => assembly(room));
  const refused = many.map(({ add }) => add(big(1))).filter((answer) => 'refused' in answer);
  t.is(refused.length, 200 - 128, '64 MiB for all of them');
  t.like(refused[0], { refused: 'try-later' });
  many[0]?.drop();
  t.deepEqual(assembly(room).add(big(1)), {}, 'what is dropped is room again');

  const slow = assembly();
  slow.add(big(1));
  slow.clock.advance(partsWithinMs - 1);
  t.is(slow.late(), 0);
  slow.clock.advance(1);
  t.is(slow.late(), 1);
  t.like(slow.add(big(2)), { refused: 'frame-invalid' });
});

test('one whole snapshot in ten seconds is taken of an agent, on whatever connection, and of another one its own', (t) => {
  const room = createPartsRoom();
  const clock = handClock(0);
  const all = parts(text, 100);
  const isTaken = ({ add }: ReturnType<typeof assembly>) => !all.map(add).some((answer) => 'refused' in answer);
  const [first] = all;
  if (!first) throw new Error('two parts');
  t.true(isTaken(assembly(room, 'agent-01', clock)));
  clock.advance(2_500);
  t.deepEqual(assembly(room, 'agent-01', clock).add(first), {
    refused: 'try-later',
    detail: 'snapshot-part: too soon after the last one',
    retryAfterSeconds: 8,
  });
  t.true(isTaken(assembly(room, 'agent-02', clock)));
  clock.advance(7_500);
  t.true(isTaken(assembly(room, 'agent-01', clock)));
});

test('a snapshot that is small in bytes and has too many entries is refused', async (t) => {
  const one = certificate('one');
  const minimal = finding({ cause: '', evidence: {}, remedy: '', subject: { kind: 'host', id: '' } });
  const many = (count: number) => Array.from({ length: count }, () => minimal);
  const files = (count: number) => Array.from({ length: count }, (_, at) => ({ path: `/${at}`, fingerprints: [] }));
  const mistake = (content: Snapshot) => snapshotMistake(snapshotFrame(content));
  // Beside the lists of the example: one certificate, lineage, server, deployment and endpoint.
  const most = { files: files(maxSnapshotEntries - maxSnapshotFindings - 5), findings: many(maxSnapshotFindings) };
  t.is(mistake(snapshot(one, most)), undefined);
  t.regex(mistake(snapshot(one, { ...most, files: [...most.files, ...files(1)] })) ?? '', /40001 entries/);
  t.regex(mistake(snapshot(one, { findings: many(maxSnapshotFindings + 1) })) ?? '', /10001 findings/);

  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'), newest);
  const whole = JSON.stringify(snapshot(one, { findings: many(maxSnapshotFindings + 1) }));
  for (const part of parts(whole, 500_000, 1_000_000)) wire.send(part);
  t.is((await refusal(wire)).code, 4006);
  t.is((await collector.estate()).endpoints.length, 0);
});

test('an instant that is none is a mistake wherever a snapshot has one', (t) => {
  const none = '2026-99-99T99:99:99.999Z';
  const at = '2026-11-27T12:00:00.000Z';
  const renewal = { windowStart: at, windowEnd: at, at, basis: 'lifetime' } as const;
  const reachedAt = { issued: at, 'on-disk': at, configured: at, loaded: at, served: at, 'served-everywhere': at };
  const one = certificate('one', { notAfter: '2027-01-02T03:04:05.000Z' });
  const whole = snapshot(one, { endpoints: [endpoint(one, { reachedAt })], findings: [finding()] });
  const lineages = whole.lineages.map((each) => ({ ...each, changedAt: at, renewal, rehearsal: { at, reasons: [] } }));
  const frame = snapshotFrame({ ...whole, lineages });
  t.is(snapshotMistake(frame), undefined);
  const text = JSON.stringify(frame);
  const places = [...text.matchAll(/"\d{4}-\d\d-\d\dT[^"]*"/g)];
  t.is(places.length, 16);
  for (const { 0: instant, index } of places) {
    const broken = `${text.slice(0, index)}"${none}"${text.slice(index + instant.length)}`;
    t.is(snapshotMistake(JSON.parse(broken)), 'no such instant', text.slice(index - 30, index));
  }
});

test('a snapshot of 4 MiB takes the place of the one before with its last part and not earlier, events between them', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const wire = await begin(join, identity, newest);
  const one = certificate('one');
  const endpoints = Array.from({ length: 11_000 }, (_, at) => endpoint(one, { id: `site-${at}@0.0.0.0:443/ecdsa` }));
  const whole = JSON.stringify(snapshot(one, { endpoints }));
  t.true(Buffer.byteLength(whole) > 4 * 1024 * 1024);
  const cuts = Array.from({ length: Math.floor(whole.length / 262_144) }, (_, at) => (at + 1) * 262_144);
  const all = parts(whole, ...cuts);
  wire.send(snapshotFrame(snapshot(certificate('whole'))));
  for (const part of all.slice(0, -1)) wire.send(part);
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  await wire.next('ack');
  t.is((await collector.estate()).endpoints.length, 1, 'the one before stands');
  const last = all.at(-1);
  if (last) wire.send(last);
  await until('the whole is shown', async () => (await collector.estate()).endpoints.length === 11_000);
  await ended(wire);
  const again = await begin(join, identity, { ...newest, generation: 2, snapshotDigest: last?.digest ?? '' });
  t.false(again.welcome.wantSnapshot);
});

test('a connection that ends between parts leaves nothing, and a session of an older version knows no parts', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const cutOff = await begin(join, identity, newest);
  const [first] = parts(text, 10);
  if (!first) throw new Error('two parts');
  cutOff.send(first);
  await ended(cutOff);
  const older = await begin(join, identity, { minVersion: 1, maxVersion: 2, generation: 2 });
  t.true(older.welcome.wantSnapshot);
  older.send(first);
  t.is((await refusal(older)).code, 4006);
});
