import { randomBytes } from 'node:crypto';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { begin, connect, enrol, hello, refusal, type Wire } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

/** A WebSocket frame as a client sends it (RFC 6455 5.2), with any first byte. */
function raw(first: number, payload: Buffer, { masked = true, length = payload.length } = {}): Buffer {
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const head = length < 126 ? Buffer.of(first, length) : Buffer.alloc(length < 65_536 ? 4 : 10);
  if (length >= 126) {
    head[0] = first;
    head[1] = length < 65_536 ? 126 : 127;
    if (length < 65_536) head.writeUInt16BE(length, 2);
    else head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (masked) head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, masked ? payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)) : payload]);
}

const text = (content: string) => Buffer.from(content);
const heartbeat = text(JSON.stringify({ type: 'heartbeat', at: '2026-11-27T10:00:00.000Z' }));
const cases: [title: string, bytes: () => Buffer, code: number, reason: string][] = [
  ['a compressed message', () => raw(0xc1, heartbeat), 1002, 'websocket-broken'],
  ['a frame of an unknown kind', () => raw(0x83, heartbeat), 1002, 'websocket-broken'],
  ['an unmasked frame', () => raw(0x81, heartbeat, { masked: false }), 1002, 'websocket-broken'],
  ['a ping of more than 125 bytes', () => raw(0x89, Buffer.alloc(126)), 1002, 'websocket-broken'],
  ['a continuation of nothing', () => raw(0x80, heartbeat), 1002, 'websocket-broken'],
  [
    'a message within a message',
    () => Buffer.concat([raw(0x01, heartbeat), raw(0x81, heartbeat)]),
    1002,
    'websocket-broken',
  ],
  ['a close code that is none', () => raw(0x88, Buffer.of(3, 237)), 1002, 'websocket-broken'],
  ['text that is not UTF-8', () => raw(0x81, Buffer.of(0x22, 0xc3, 0x28, 0x22)), 1007, 'not-utf-8'],
  [
    'a message in 65 fragments',
    () => Buffer.concat([raw(0x01, text('{')), ...Array.from({ length: 64 }, () => raw(0x00, text(' ')))]),
    1008,
    'too-many-fragments',
  ],
  [
    'the head alone of a message of 1 MiB and a byte',
    () => raw(0x81, Buffer.alloc(0), { length: 1024 * 1024 + 1 }),
    1009,
    'too-large',
  ],
  [
    'the head alone of a message of 2^53 bytes',
    () => raw(0x81, Buffer.alloc(0), { length: 2 ** 53 }),
    1009,
    'too-large',
  ],
  ['a message that grows past 1 MiB by fragments', () => grown(), 1009, 'too-large'],
  ['a binary message', () => raw(0x82, heartbeat), 4006, 'frame-invalid'],
  ['an empty message', () => raw(0x81, Buffer.alloc(0)), 4006, 'frame-invalid'],
  ['brackets that 500,000 others are in, and that are not closed', () => nested('', ''), 4006, 'frame-invalid'],
  [
    'lists in lists, 500,000 deep, where an id belongs',
    () => nested('{"type":"events","epoch":', ',"events":[]}'),
    4006,
    'frame-invalid',
  ],
  [
    'lists in lists, 500,000 deep, where nothing belongs',
    () => nested('{"type":"heartbeat","at":"2026-11-27T10:00:00.000Z","more":', '}'),
    4006,
    'frame-invalid',
  ],
  ['a message that was cut off', () => raw(0x81, heartbeat.subarray(0, 20)), 4006, 'frame-invalid'],
];

function nested(before: string, after: string): Buffer {
  const depth = 500_000;
  return raw(0x81, text(`${before}${'['.repeat(depth)}${after && ']'.repeat(depth) + after}`));
}

function grown(): Buffer {
  const part = Buffer.alloc(300_000, ' ');
  return Buffer.concat([raw(0x01, part), raw(0x00, part), raw(0x00, part), raw(0x00, part)]);
}

test('each thing that is no message has a code of its own, is counted, and disturbs nobody else', async (t) => {
  const collector = await startTestCollector(t);
  const neighbour = await begin(await collector.join(), await enrol(await collector.join(), 'neighbour'));
  const identity = await enrol(await collector.join(), 'web-1');
  let generation = 0;
  let seq = 0;
  for (const [title, bytes, code, reason] of cases) {
    const { wire, socket } = await rawSession(collector, () => ({ identity, generation: ++generation }));
    const before = await counted(collector, reason);
    socket.write(bytes());
    t.is(await wire.closed, code, title);
    await until(`${title} is counted`, async () => (await counted(collector, reason)) === before + 1);
    neighbour.send({ type: 'events', epoch, events: [event(++seq)] });
    t.is((await neighbour.next('ack')).seq, seq, title);
  }
});

test('a message in two packets is one message', async (t) => {
  const collector = await startTestCollector(t, { heartbeatSeconds: 20 });
  const identity = await enrol(await collector.join(), 'web-1');
  const { wire, socket } = await rawSession(collector, () => ({ identity, generation: 1 }));
  const whole = raw(0x81, text(JSON.stringify({ type: 'events', epoch, events: [event(1)] })));
  await new Promise((resolve) => socket.write(whole.subarray(0, 30), resolve));
  await new Promise((resolve) => socket.write(whole.subarray(30), resolve));
  t.is((await wire.next('ack')).seq, 1);
});

test('frames before their time have their own codes, and each is counted', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const early: [object, string][] = [
    [{ type: 'heartbeat', at: '2026-11-27T10:00:00.000Z' }, 'not-authenticated'],
    [{ type: 'events', epoch, events: [event(1)] }, 'not-authenticated'],
    [snapshotFrame(snapshot(certificate('a'))), 'not-authenticated'],
    [{ type: 'rotate-key', publicKey: '', signature: '', proof: '' }, 'not-authenticated'],
    [{ type: 'welcome', version: 1 }, 'frame-invalid'],
  ];
  for (const [frame, reason] of early) {
    const before = await counted(collector, reason);
    const wire = await connect(join);
    wire.send(frame);
    t.is((await refusal(wire)).frame.reason, reason as never);
    t.is(await counted(collector, reason), before + 1);
  }
  const identity = await enrol(join, 'web-1');
  const hasty = await connect(join);
  hasty.send(hello(hasty, identity));
  hasty.send({ type: 'events', epoch, events: [event(1)] });
  t.is((await refusal(hasty)).frame.reason, 'not-authenticated', 'nothing comes between hello and welcome');
  const twice = await begin(join, identity, { generation: 2 });
  twice.send(hello(twice, identity, { generation: 3 }));
  t.is((await refusal(twice)).frame.reason, 'frame-invalid');
});

test("a hostile agent that claims another's host changes nothing of it", async (t) => {
  const collector = await startTestCollector(t);
  const victim = await enrol(await collector.join(), 'web-1');
  const honest = await begin(await collector.join(), victim);
  const frame = snapshotFrame(snapshot(certificate('real')));
  honest.send(frame);
  honest.send({ type: 'events', epoch, events: [event(1)] });
  await honest.next('ack');

  const hostile = await enrol(await collector.join(), 'web-1');
  const forged = await connect(await collector.join());
  forged.send(hello(forged, { agentId: victim.agentId, key: hostile.key }, { generation: 2 }));
  t.is((await refusal(forged)).code, 4002);
  const lying = await begin(await collector.join(), hostile, { hostName: 'web-1' });
  const empty = { certificates: [], files: [], lineages: [], deployments: [], endpoints: [] };
  lying.send(snapshotFrame(snapshot(certificate('real'), empty)));
  lying.send({ type: 'events', epoch, events: [event(1, { summary: 'a lie' }), event(2)] });
  t.is((await lying.next('ack')).seq, 2, 'its numbers are its own');

  const estate = await collector.estate();
  t.deepEqual(
    estate.endpoints.map(({ agentId }) => agentId),
    [victim.agentId],
  );
  t.deepEqual(
    estate.events.filter(({ agentId }) => agentId === victim.agentId).map(({ summary }) => summary),
    [event(1).summary],
  );
  t.is(estate.hosts.filter(({ name }) => name === 'web-1').length, 2, 'two hosts of one name are told apart by id');
  const again = await connect(await collector.join());
  honest.close();
  await honest.closed;
  again.send(hello(again, victim, { generation: 2, snapshotDigest: frame.digest }));
  t.like(await again.next('welcome'), { ackedSeq: 1, wantSnapshot: false });
});

/** A session whose TLS connection the test may write on. */
async function rawSession(
  collector: TestCollector,
  next: () => { identity: Awaited<ReturnType<typeof enrol>>; generation: number },
): Promise<{ wire: Pick<Wire, 'next' | 'closed'>; socket: TLSSocket }> {
  const join = await collector.join();
  let socket: TLSSocket | undefined;
  const { identity, generation } = next();
  const wire = await connect(join, '127.0.0.1', (options) => {
    socket = connectTls({ ...options, rejectUnauthorized: false });
    return socket;
  });
  wire.send(hello(wire, identity, { generation }));
  await wire.next('welcome');
  if (!socket) throw new Error('no connection');
  return { wire, socket };
}

async function counted(collector: TestCollector, reason: string): Promise<number> {
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(new RegExp(`^certherd_refusals_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
