import { generateKeyPairSync, type KeyObject, randomUUID, verify } from 'node:crypto';
import type { RequestFrame } from '@certherd/protocol/frame';
import { readFileSync } from 'node:fs';
import { rotationStatement, sessionStatement } from '@certherd/protocol/session';
import test, { type ExecutionContext } from 'ava';
import { openOutbox, outboxLimit } from '../../../agent/report/outbox.ts';
import { startSession } from '../../../agent/report/session.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';

const draft = (summary: string) => ({
  at: '2026-11-23T12:00:00.000Z',
  kind: 'renewal' as const,
  subject: { kind: 'lineage' as const, id: 'shop' },
  ok: true,
  summary,
  detail: {},
  steps: [],
});
const nonce = 'n'.repeat(43);
const challenge = { type: 'challenge', collectorId: 'collector-1', nonce, minVersion: 1, maxVersion: 1 };
const welcome = { type: 'welcome', version: 1, ackedSeq: 0, wantSnapshot: true, heartbeatSeconds: 10, window: 1000 };

/** One session against a collector that the test plays, on a clock that the test moves. */
const fingerprints = ['a', 'b'].map((mark) => mark.repeat(64));
const findDer = async () => new Map([[fingerprints[0] ?? '', Buffer.from('a certificate')]]);

function session(t: ExecutionContext, nextKey?: KeyObject) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const outbox = openOutbox(systemState(testDirectory(t)), silentLog, 0, () => `epoch-${randomUUID()}`);
  let now = 0;
  const timers = new Set<{ at: number; task: () => void }>();
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      const timer = { at: now + ms, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const pass = (ms: number) => {
    now += ms;
    for (const timer of timers) {
      if (timer.at > now) continue;
      timers.delete(timer);
      timer.task();
    }
  };
  const sent: { type: string; [key: string]: unknown }[] = [];
  const state = { closed: false, terminated: false, rotated: 0 };
  const warnings: string[] = [];
  const requested: RequestFrame[] = [];
  let say: (text: string) => void = () => {};
  let close = () => {};
  const socket = {
    send: (text: string) => void sent.push(JSON.parse(text)),
    onMessage: (listener: (text: string) => void) => {
      say = listener;
    },
    closed: new Promise<void>((resolve) => {
      close = resolve;
    }),
    close: () => {
      state.closed = true;
      close();
    },
    terminate: () => {
      state.terminated = true;
      close();
    },
  };
  const log = { ...silentLog, warn: (_fields: object, text: string) => void warnings.push(text) };
  const enrolment = { authority: 'c:1', pin: '', agentId: 'agent-123', collectorId: 'collector-1' };
  const told = { hostName: 'web-1', agentVersion: '0', bootId: 'b', current: () => undefined };
  const running = startSession({ clock, log }, socket, { key: privateKey, enrolment, generation: 7 }, told, outbox, {
    welcomed: () => {},
    requested: (frame) => void requested.push(frame),
    findDer,
    delivered: () => {},
    nextKey: () => nextKey,
    rotated: () => void (state.rotated += 1),
    isReplaced: () => false,
  });
  return {
    running,
    requested,
    outbox,
    sent,
    state,
    warnings,
    pass,
    publicKey,
    tell: (frame: object) => say(JSON.stringify(frame)),
    garbage: () => say('{"type":"?"}'),
  };
}

test('a challenge is answered with a signature over both nonces', (t) => {
  const { sent, tell, publicKey } = session(t);
  tell(challenge);
  const hello = sent[0] ?? { type: '' };
  const statement = sessionStatement({
    collectorId: 'collector-1',
    collectorNonce: nonce,
    agentNonce: String(hello.nonce),
    agentId: 'agent-123',
    generation: 7,
  });
  t.true(verify(null, Buffer.from(statement), publicKey, Buffer.from(String(hello.signature), 'base64')));
});

test('a collector that never welcomes is left after 15 seconds, whatever else it says', (t) => {
  for (const chatter of ['nothing', 'garbage', 'challenges', 'heartbeats']) {
    const { state, pass, tell, garbage, warnings } = session(t);
    for (let second = 0; second < 15; second++) {
      if (chatter === 'garbage') garbage();
      if (chatter === 'challenges') tell(challenge);
      if (chatter === 'heartbeats') tell({ type: 'heartbeat', at: '2026-11-23T12:00:00.000Z' });
      pass(1000);
    }
    t.true(state.terminated, chatter);
    t.true(warnings.length <= 1, 'it is said once');
  }
});

test('after the welcome garbage is no sign of life, and a heartbeat is one', (t) => {
  const { state, pass, tell, garbage } = session(t);
  tell(challenge);
  tell(welcome);
  for (let second = 0; second < 100; second++) {
    if (second % 10 === 0) tell({ type: 'heartbeat', at: '2026-11-23T12:00:00.000Z' });
    pass(1000);
  }
  t.false(state.terminated);
  for (let second = 0; second < 32; second++) {
    garbage();
    pass(1000);
  }
  t.true(state.terminated);
});

test('an ack for what was never sent drops nothing', (t) => {
  const { outbox, tell } = session(t);
  tell(challenge);
  tell(welcome);
  outbox.add(draft('a'));
  tell({ type: 'ack', epoch: outbox.epoch, seq: 1_000_000 });
  t.is(outbox.size, 1);
  t.is(outbox.after(0, 10).length, 1);
});

test('after a gap too no more events are unacked than the window has room for', (t) => {
  const { outbox, sent, tell, running } = session(t);
  const frames = () =>
    sent.flatMap(({ type, events }) =>
      type === 'events' ? [(events as { seq: number; kind: string }[]).map(({ seq }) => seq)] : [],
    );
  for (let at = 0; at < outboxLimit; at++) outbox.add(draft(`${at}`));
  tell(challenge);
  tell({ ...welcome, window: 300 });
  for (let at = 0; at < 10; at++) running.pump();
  t.deepEqual(
    frames().map((seqs) => seqs.length),
    [100, 100, 100],
    'the window is full',
  );
  // The oldest tenth goes, and with it all that is on its way.
  outbox.add(draft('one too many'));
  t.like(outbox.after(0, 1)[0], { kind: 'gap', seq: outboxLimit / 10 });
  tell({ type: 'ack', epoch: outbox.epoch, seq: 100 });
  running.pump();
  t.deepEqual(
    frames().at(-1)?.slice(0, 2),
    [outboxLimit / 10, outboxLimit / 10 + 1],
    'the gap, and what comes after it',
  );
  t.is(frames().length, 4, 'the window is full again, whatever lies between the seqs');
  tell({ type: 'ack', epoch: outbox.epoch, seq: outboxLimit / 10 + 99 });
  for (let at = 0; at < 10; at++) running.pump();
  t.true(frames().every((seqs) => seqs.length <= 100));
  t.is(frames().length, 7);
  t.is(frames().at(-1)?.at(-1), outboxLimit / 10 + 399);
});

test('a collector that knows later events than a restored outbox gets them in a new epoch', async (t) => {
  const { outbox, tell, running, sent } = session(t);
  outbox.add(draft('a'));
  const before = outbox.epoch;
  tell(challenge);
  tell({ ...welcome, ackedSeq: 40 });
  t.false((await running.ended).established, 'it connects again, with the new epoch in its hello');
  t.not(outbox.epoch, before);
  t.deepEqual(
    outbox.after(0, 10).map(({ seq, summary }) => [seq, summary]),
    [[1, 'a']],
  );
  t.false(sent.some(({ type }) => type === 'events'));
});

test('a refusal ends the session at once, with its reason', async (t) => {
  const { tell, running, state } = session(t);
  tell({ type: 'refused', reason: 'try-later', retryAfterSeconds: 5 });
  t.true(state.closed);
  t.deepEqual(await running.ended, { established: false, refused: { reason: 'try-later', retryAfterSeconds: 5 } });
});

test('a request is taken once the collector has welcomed the host in a version that has requests, else it is none', (t) => {
  const request = {
    type: 'request',
    id: '00000000-0000-4000-8000-000000000001',
    verb: 'renew',
    subject: { kind: 'lineage', id: 'shop' },
    requester: 'ann',
    reason: '',
    withinSeconds: 60,
  };
  for (const [version, taken] of [
    [1, []],
    [2, [request]],
  ] as const) {
    const { tell, requested } = session(t);
    tell(challenge);
    tell(request);
    tell({ ...welcome, version });
    tell(request);
    tell({ ...request, command: 'id' });
    tell({ ...request, verb: 'exec' });
    t.deepEqual(requested, [...taken] as RequestFrame[], `version ${version}`);
  }
});

test('a key that is due is told after a welcome that knows rotation, signed by both, and once the collector names it it is taken', (t) => {
  const next = generateKeyPairSync('ed25519');
  const older = session(t, next.privateKey);
  older.tell(challenge);
  older.tell({ ...welcome, version: 2 });
  t.false(older.sent.some(({ type }) => type === 'rotate-key'));

  const { tell, sent, state, publicKey } = session(t, next.privateKey);
  tell(challenge);
  tell({ ...welcome, version: 3 });
  const frame = sent.find(({ type }) => type === 'rotate-key');
  const told = String(frame?.publicKey);
  const statement = Buffer.from(
    rotationStatement({ collectorId: 'collector-1', collectorNonce: nonce, agentId: 'agent-123', publicKey: told }),
  );
  t.true(verify(null, statement, publicKey, Buffer.from(String(frame?.signature), 'base64')));
  t.true(verify(null, statement, next.publicKey, Buffer.from(String(frame?.proof), 'base64')));
  tell({ type: 'key-rotated', publicKey: 'another' });
  t.is(state.rotated, 0);
  tell({ type: 'key-rotated', publicKey: told });
  t.is(state.rotated, 0, 'one wish has one answer');
});

test('the key that the collector names is taken', (t) => {
  const { tell, sent, state } = session(t, generateKeyPairSync('ed25519').privateKey);
  tell(challenge);
  tell({ ...welcome, version: 3 });
  tell({ type: 'key-rotated', publicKey: sent.find(({ type }) => type === 'rotate-key')?.publicKey });
  t.is(state.rotated, 1);
});

test('to a collector of an earlier version nothing is said that it would not know', (t) => {
  for (const version of [1, 2]) {
    const golden = (name: string): Record<string, unknown> =>
      JSON.parse(readFileSync(new URL(`../../fixtures/messages/v${version}/${name}.json`, import.meta.url), 'utf8'));
    const { tell, sent, pass, outbox, running } = session(t, generateKeyPairSync('ed25519').privateKey);
    tell(golden('challenge'));
    outbox.add(draft('a'));
    tell({ ...golden('welcome'), ackedSeq: 0 });
    running.pump();
    pass(15_000);
    tell(golden('heartbeat'));
    t.deepEqual([...new Set(sent.map(({ type }) => type))], ['hello', 'events', 'heartbeat']);
    for (const frame of sent)
      t.deepEqual(
        Object.keys(frame).filter((field) => !(field in golden(frame.type))),
        [],
        `${frame.type} in version ${version}`,
      );
  }
});

test('certificates are told once for each question, those that are not found by name alone, and not below version 4', async (t) => {
  for (const version of [3, 4]) {
    const { sent, tell, pass } = session(t);
    tell(challenge);
    tell({ ...welcome, version });
    tell({ type: 'want-certificates', fingerprints });
    pass(1000);
    await new Promise(setImmediate);
    const der = Buffer.from('a certificate').toString('base64');
    const certificates = [{ fingerprint: fingerprints[0], der }, { fingerprint: fingerprints[1] }];
    const told = sent.filter(({ type }) => type === 'certificates');
    t.deepEqual(told, version < 4 ? [] : [{ type: 'certificates', certificates }]);
  }
});
