import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, connect, ended, enrol, refusal } from '../helpers/wire-agent.ts';
import { until } from '../../helpers/testbed/until.ts';

const epoch = 'epoch-0001';

async function session(t: ExecutionContext) {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const wire = await begin(join, identity);
  return { collector, join, identity, wire };
}

test('a snapshot becomes the estate: hosts, certificates, endpoints, lineages and findings', async (t) => {
  const { collector, wire } = await session(t);
  const one = certificate('one');
  const frame = snapshotFrame(snapshot(one, { findings: [finding({ severity: 'warning' })] }));
  wire.send(frame);
  const estate = await until('the snapshot is kept', async () => {
    const found = await collector.estate();
    return found.endpoints.length > 0 && found;
  });
  t.is(estate.hosts[0]?.status, 'warning');
  t.is(estate.hosts[0]?.observedAt, frame.observedAt);
  t.is(estate.endpoints[0]?.status, 'proved');
  t.is(estate.endpoints[0]?.servedNotAfter, one.notAfter);
  t.deepEqual(estate.certificates[0]?.endpoints, [
    { agentId: estate.hosts[0]?.agentId, hostName: 'web-1', id: endpoint(one).id },
  ]);
  t.is(estate.certificates[0]?.files[0]?.path, '/etc/letsencrypt/live/shop/fullchain.pem');
  t.is(estate.lineages[0]?.name, 'shop');
  t.is(estate.findings[0]?.stale, false);
});

test('a snapshot that the collector has already is not asked for again; another one is', async (t) => {
  const { collector, join, identity, wire } = await session(t);
  const frame = snapshotFrame(snapshot(certificate('one')));
  wire.send(frame);
  await until('kept', async () => (await collector.estate()).endpoints.length > 0);
  await ended(wire);
  const same = await begin(join, identity, { generation: 2, snapshotDigest: frame.digest });
  t.false(same.welcome.wantSnapshot);
  await ended(same);
  const other = await begin(join, identity, { generation: 3, snapshotDigest: 'b'.repeat(64) });
  t.true(other.welcome.wantSnapshot);
});

test('a heartbeat moves the time of observation, and a strange digest is asked for', async (t) => {
  const { collector, wire } = await session(t);
  const frame = snapshotFrame(snapshot(certificate('one')), '2026-11-23T10:00:00.000Z');
  wire.send(frame);
  const seen = '2026-11-23T11:00:00.000Z';
  wire.send({ type: 'heartbeat', at: seen, observedAt: seen, digest: frame.digest });
  await until('observed again', async () => (await collector.estate()).hosts[0]?.observedAt === seen);
  wire.send({ type: 'heartbeat', at: seen, observedAt: seen, digest: 'c'.repeat(64) });
  t.is((await wire.next('want-snapshot')).type, 'want-snapshot');
  // Two hours and a half, however long these lines wait for their turn: minutes are told.
  for (let beat = 0; beat < 4; beat++)
    wire.send({ type: 'heartbeat', at: new Date(Date.now() + 9_000_000).toISOString(), digest: frame.digest });
  await until('its clock is measured', async () => {
    const ahead = (await collector.estate()).hosts[0]?.clockSkewSeconds ?? 0;
    return ahead > 8_000 && ahead <= 9_000;
  });
});

test('events are acknowledged, and resent ones are kept once', async (t) => {
  const { collector, join, identity, wire } = await session(t);
  wire.send({ type: 'events', epoch, events: [event(1), event(2)] });
  t.is((await wire.next('ack')).seq, 2);
  wire.send({ type: 'events', epoch, events: [event(1), event(2), event(3)] });
  t.deepEqual(await wire.next('ack'), { type: 'ack', epoch, seq: 3 });
  const { events } = await collector.estate();
  t.deepEqual(
    events.map(({ seq }) => seq),
    [3, 2, 1],
  );
  await ended(wire);
  const again = await begin(join, identity, { generation: 2 });
  t.is(again.welcome.ackedSeq, 3);
  await ended(again);
  const fresh = await begin(join, identity, { generation: 3, epoch: 'epoch-0002' });
  t.is(fresh.welcome.ackedSeq, 0);
});

test('a hole in the numbers is accepted, and events before it still are', async (t) => {
  const { collector, wire } = await session(t);
  wire.send({ type: 'events', epoch, events: [event(10, { kind: 'gap', detail: { lost: '9' } })] });
  t.is((await wire.next('ack')).seq, 10);
  wire.send({ type: 'events', epoch, events: [event(4)] });
  t.is((await wire.next('ack')).seq, 10);
  t.is((await collector.estate()).events.length, 2);
});

const wrong: [title: string, frame: () => object | string][] = [
  ['text that is not JSON', () => '{"type":'],
  ['a frame type that nobody knows', () => ({ type: 'command', argv: ['rm'] })],
  ['a type that is a property of every object', () => '{"type":"__proto__"}'],
  ['deeply nested JSON', () => `{"type":"heartbeat","at":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ['an unknown field', () => ({ type: 'heartbeat', at: '2026-11-23T10:00:00.000Z', privateKey: 'x' })],
  [
    'a prototype in a snapshot',
    () => JSON.stringify(snapshotFrame(snapshot(certificate('a')))).replace('"host":', '"__proto__":{},"host":'),
  ],
  ['a month that does not exist', () => ({ type: 'heartbeat', at: '2026-13-01T00:00:00.000Z' })],
  ['a second hello', () => ({ type: 'enrol', token: 'x'.repeat(43), publicKey: '', hostName: '' })],
  ['events out of order', () => ({ type: 'events', epoch, events: [event(2), event(1)] })],
  ['a seq that no number holds exactly', () => ({ type: 'events', epoch, events: [event(2 ** 53)] })],
  ['events of another epoch', () => ({ type: 'events', epoch: 'epoch-9999', events: [event(1)] })],
  ['a reference to no certificate', () => snapshotFrame(snapshot(certificate('a'), { certificates: [] }))],
  [
    'an endpoint twice',
    () =>
      snapshotFrame(
        snapshot(certificate('a'), { endpoints: [endpoint(certificate('a')), endpoint(certificate('a'))] }),
      ),
  ],
  ['an endpoint of no deployment', () => snapshotFrame(snapshot(certificate('a'), { deployments: [] }))],
];
// One after the other: a dozen collectors at once in one process let real connections run into the 5 s to authenticate.
for (const [title, frame] of wrong)
  test.serial(`${title} ends the session with its own code, and disturbs nobody else`, async (t) => {
    const { collector, join, wire } = await session(t);
    const other = await begin(await collector.join(), await enrol(await collector.join(), 'web-2'));
    const content = frame();
    wire.sendText(typeof content === 'string' ? content : JSON.stringify(content));
    t.deepEqual(await refusal(wire), { frame: { type: 'refused', reason: 'frame-invalid' }, code: 4006 });
    other.send({ type: 'events', epoch, events: [event(1)] });
    t.is((await other.next('ack')).seq, 1);
    t.is(join.authority, `127.0.0.1:${collector.agentAddress.port}`);
  });

test('a frame before hello is refused', async (t) => {
  const collector = await startTestCollector(t);
  const wire = await connect(await collector.join());
  wire.send(snapshotFrame(snapshot(certificate('a'))));
  t.is((await refusal(wire)).frame.reason, 'not-authenticated');
});

test('a frame of more than 1 MiB closes the connection with 1009', async (t) => {
  const { wire } = await session(t);
  wire.sendText(randomBytes(600_000).toString('hex'));
  t.is(await wire.closed, 1009);
});

test('a binary frame is refused', async (t) => {
  const { wire } = await session(t);
  wire.socket.send(Buffer.from('{}'));
  t.is((await refusal(wire)).code, 4006);
});
