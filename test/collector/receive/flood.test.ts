import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { agentPath } from '@certherd/protocol/session';
import test from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { parseAuthority } from '../../../collector/authority.ts';
import { createChannel } from '../../../collector/receive/channel.ts';
import { createRefusals } from '../../../collector/receive/gate.ts';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createIngest } from '../../../collector/receive/ingest.ts';
import { createPartsRoom } from '../../../collector/receive/snapshot-parts.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, endpoint, event, snapshot, told } from '../helpers/example-snapshot.ts';
import { addToken, spawnCollector, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, ended, enrol } from '../helpers/wire-agent.ts';
import { until } from '../../helpers/testbed/until.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

test.serial('2,000 idle sockets from many addresses cost little memory, and a real agent still connects', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const collector = await spawnCollector(t, ['--config', config, '--data', data]);
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const { host, port } = parseAuthority(collector.agents) ?? { host: '', port: 0 };
  const before = residentBytes(collector.process.pid);
  const sockets: Socket[] = [];
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 2_000; i++) {
    const localAddress = `127.0.1.${1 + (i % 20)}`;
    const socket =
      i % 2 === 0
        ? connectTcp({ host, port, localAddress })
        : connectTls({ socket: connectTcp({ host, port, localAddress }), rejectUnauthorized: false });
    socket.on('error', () => {});
    sockets.push(socket);
  }
  await until('the flood has arrived', async () => {
    const waiting = /^certherd_agents_waiting (\d+)$/m.exec(await (await fetch(`${collector.web}metrics`)).text())?.[1];
    return Number(waiting) > 200;
  });
  // Those that still arrive may take its place: as any agent it comes again.
  let generation = 0;
  const wire = await until('a real agent connects', () =>
    begin(invitation, identity, { generation: ++generation }).catch(() => undefined),
  );
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  t.is((await wire.next('ack')).seq, 1);
  const growth = residentBytes(collector.process.pid) - before;
  t.true(growth < 32 * mebibyte, `${Math.round(growth / mebibyte)} MiB`);
  await until('the flood is dropped', async () => {
    const waiting = /^certherd_agents_waiting (\d+)$/m.exec(await (await fetch(`${collector.web}metrics`)).text())?.[1];
    return waiting === '0';
  });
  t.is(wire.socket.readyState, wire.socket.OPEN);
  t.log(`${Math.round(growth / mebibyte)} MiB while they waited`);
});

test.serial('out of descriptors: nobody is lost, and agents connect again once there are some', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\n');
  const data = join(directory, 'data');
  const collector = await spawnCollector(t, ['--config', config, '--data', data]);
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const wire = await begin(invitation, identity);
  const descriptors = readdirSync(`/proc/${collector.process.pid}/fd`).length;
  const limit = (files: number) => run('prlimit', ['--pid', String(collector.process.pid), `--nofile=${files}:20000`]);
  await limit(descriptors + 5);
  const { host, port } = parseAuthority(collector.agents) ?? { host: '', port: 0 };
  const sockets = Array.from({ length: 60 }, () => connectTcp({ host, port }).on('error', () => {}));
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  await until('it has none left', () => {
    const open = new Set(readdirSync(`/proc/${collector.process.pid}/fd`));
    return Array.from({ length: descriptors + 5 }, (_, number) => String(number)).every((number) => open.has(number));
  });
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  t.is((await wire.next('ack')).seq, 1);
  sockets.forEach((socket) => socket.destroy());
  await limit(10_000);
  await ended(wire);
  const again = await until('a new session begins', () => begin(invitation, { ...identity }, { generation: 2 }));
  t.is(again.welcome.ackedSeq, 1);
  t.is(collector.process.exitCode, null);
});

test('a message in too many fragments, and a compressed one, close the connection', async (t) => {
  const collector = await startTestCollector(t);
  const join_ = await collector.join();
  const fragmented = await begin(join_, await enrol(join_, 'web-1'));
  for (let i = 0; i < 200; i++) fragmented.socket.send(' ', { fin: false });
  t.is(await fragmented.closed, 1008);

  const bomb = new WebSocket(`wss://${join_.authority}${agentPath}`, {
    rejectUnauthorized: false,
    perMessageDeflate: true,
  });
  bomb.on('error', () => {});
  await new Promise((resolve) => bomb.once('open', resolve));
  t.is(bomb.extensions, '', 'compression is not agreed to');
  bomb.terminate();
});

test('an end that never reads is dropped once 1 MiB waits for it', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => {});
  const served = await new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  await once(client, 'open');
  client.pause();
  const refusals = createRefusals();
  const channel = createChannel(served, 'test', { clock: systemClock, log: silentLog, refusals });
  let most = 0;
  await until(
    'it is dropped',
    () => {
      channel.send({ type: 'ack', epoch: 'e'.repeat(60_000), seq: 1 });
      most = Math.max(most, served.bufferedAmount);
      return !channel.isOpen();
    },
    { everyMs: 1 },
  );
  t.true(most < 2 * mebibyte, `${most} bytes`);
  t.is(refusals.totals().get('too-slow'), 1);
});

test('events beyond the window end the session', (t) => {
  const refused: string[] = [];
  const never = () => new Promise<never>(() => {});
  const ingest = createIngest(
    'agent-01',
    'epoch-0001',
    undefined,
    false,
    { pause() {}, resume() {}, isPaused: false },
    { send() {}, isOpen: () => true, refuse: (reason, detail) => refused.push(`${reason}: ${detail}`) },
    {
      records: { keepEvents: never, keepSnapshot: never, isRevoked: () => true },
      clock: systemClock,
      log: silentLog,
      liveness: { heard() {} },
      changed() {},
      partsRoom: createPartsRoom(),
      readFrame: createFrameReader(),
    },
  );
  const events = (from: number) => told(...Array.from({ length: 500 }, (_, index) => event(from + index)));
  for (const from of [1, 501]) ingest.take({ type: 'events', epoch: 'epoch-0001', events: events(from) }, 1);
  t.deepEqual(refused, []);
  ingest.take({ type: 'events', epoch: 'epoch-0001', events: told(event(1001)) }, 1);
  t.deepEqual(refused, ['frame-invalid: events: beyond the window']);
});

test('frames that one commit keeps are acknowledged together, by the last of them', async (t) => {
  const sent: unknown[] = [];
  const pieces: number[] = [];
  let commit = () => {};
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  const ingest = createIngest(
    'agent-01',
    'epoch-0001',
    undefined,
    false,
    { pause() {}, resume() {}, isPaused: false },
    { send: (frame) => sent.push(frame), isOpen: () => true, refuse: (reason) => t.fail(reason) },
    {
      records: {
        async keepEvents(_agentId, _epoch, list) {
          pieces.push(list.length);
          await committed;
          return { ok: true, value: { ackedSeq: list.at(-1)?.seq ?? 0, added: list.length } };
        },
        keepSnapshot: () => new Promise(() => {}),
        isRevoked: () => false,
      },
      clock: systemClock,
      log: silentLog,
      liveness: { heard() {} },
      changed() {},
      partsRoom: createPartsRoom(),
      readFrame: createFrameReader(),
    },
  );
  for (const seq of [1, 2, 3, 5]) ingest.take({ type: 'events', epoch: 'epoch-0001', events: told(event(seq)) }, 1);
  await until('both wait for the disk', () => pieces.length === 2, { everyMs: 1 });
  t.deepEqual(sent, []);
  commit();
  await until('an answer', () => sent.length > 0, { everyMs: 1 });
  t.deepEqual(sent, [{ type: 'ack', epoch: 'epoch-0001', seq: 5 }]);
  t.deepEqual(pieces, [3, 1], 'those of one turn without a hole are kept as one');
});

/** Resident memory of a process in bytes. */
function residentBytes(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

test('reading stops while a snapshot of many parts waits for the disk, by the size of all of them', (t) => {
  let paused = false;
  const ingest = createIngest(
    'agent-01',
    'epoch-0001',
    undefined,
    false,
    { pause: () => void (paused = true), resume() {}, isPaused: false },
    { send() {}, isOpen: () => true, refuse: (reason, detail) => t.fail(`${reason}: ${detail}`) },
    {
      records: {
        keepEvents: () => new Promise(() => {}),
        keepSnapshot: () => new Promise(() => {}),
        isRevoked: () => true,
      },
      clock: systemClock,
      log: silentLog,
      liveness: { heard() {} },
      changed() {},
      partsRoom: createPartsRoom(),
      readFrame: createFrameReader(),
    },
  );
  const one = certificate('one');
  const endpoints = Array.from({ length: 6000 }, (_, at) => endpoint(one, { id: `site-${at}@0.0.0.0:443/ecdsa` }));
  const text = JSON.stringify(snapshot(one, { endpoints }));
  t.true(text.length > 2 * 1024 * 1024);
  const digest = createHash('sha256').update(text).digest('hex');
  const texts = [text.slice(0, -10), text.slice(-10)];
  for (const [at, piece] of texts.entries()) {
    t.false(paused);
    const part = { type: 'snapshot-part' as const, digest, observedAt: '2026-11-27T10:00:00.000Z' };
    ingest.take({ ...part, part: at + 1, parts: texts.length, text: piece }, piece.length);
  }
  t.true(paused);
});
