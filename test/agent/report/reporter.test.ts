import test, { type ExecutionContext } from 'ava';
import type { OpenCollectorSocket } from '../../../agent/ports.ts';
import { loadEnrolment, saveEnrolment } from '../../../agent/report/identity.ts';
import { openOutbox } from '../../../agent/report/outbox.ts';
import { heldFailures } from '../../../agent/report/reconnect.ts';
import { startReporter } from '../../../agent/report/reporter.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';
import { until } from '../../helpers/testbed/until.ts';

const outboxEpoch = 'epoch-0001';
const challenge = { type: 'challenge', collectorId: 'c', nonce: 'n'.repeat(43), minVersion: 1, maxVersion: 1 };
const welcome = { type: 'welcome', version: 1, ackedSeq: 0, wantSnapshot: false, heartbeatSeconds: 15, window: 1000 };
const identity = (name: string) => ({ authority: `${name}:1`, pin: name, agentId: `agent-${name}`, collectorId: 'c' });

/** An enrolled host's reporter on a clock that the test moves, before collectors that the test plays. */
function reporting(t: ExecutionContext, isReachable: boolean) {
  const state = systemState(testDirectory(t));
  t.true(saveEnrolment(state, identity('old')).ok);
  let now = 0;
  const timers = new Map<() => void, number>();
  const waits: number[] = [];
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      waits.push(ms);
      const timer = () => task();
      timers.set(timer, now + ms);
      return () => void timers.delete(timer);
    },
  };
  const asked: string[] = [];
  const logged: string[] = [];
  const sockets: { say: (frame: object) => void; isClosed: boolean }[] = [];
  const openCollectorSocket: OpenCollectorSocket = async ({ authority }) => {
    asked.push(authority);
    if (!isReachable) return { ok: false, failure: { reason: 'unreachable', detail: 'no route' } };
    let end = () => {};
    const closed = new Promise<void>((resolve) => {
      end = resolve;
    });
    const played: (typeof sockets)[number] = { say: () => {}, isClosed: false };
    const close = () => {
      played.isClosed = true;
      end();
    };
    const onMessage = (listener: (text: string) => void) => {
      played.say = (frame) => listener(JSON.stringify(frame));
      sockets.push(played);
    };
    return { ok: true, value: { send: () => {}, onMessage, closed, close, terminate: close } };
  };
  const log = { ...silentLog, info: (_: object, words: string) => void logged.push(words) };
  const ports = { state, clock, log, random: () => 0.99, openCollectorSocket };
  const outbox = openOutbox(state, silentLog, 0, () => outboxEpoch);
  const host = { hostName: 'web-1', agentVersion: '0', bootId: 'b' };
  const told: string[] = [];
  const reporter = startReporter(ports, outbox, host, {
    changed: () => void told.push(`${reporter.connection().state} ${reporter.waiting()}`),
    requested: () => {},
    findDer: async () => new Map(),
  });
  t.teardown(() => reporter.stop());
  const pass = (ms: number) => {
    now += ms;
    for (const [timer, at] of timers) if (at <= now && timers.delete(timer)) timer();
  };
  return { state, reporter, asked, logged, sockets, waits, pass, told };
}

test('the first attempt ends with a welcome, with a failure, or when it takes too long', async (t) => {
  const welcomed = reporting(t, true);
  let ended = false;
  const tried = welcomed.reporter.tried(500).then(() => (ended = true));
  await until('it has connected', () => welcomed.sockets.length === 1);
  welcomed.sockets[0]?.say(challenge);
  await Promise.resolve();
  t.false(ended, 'the collector has not taken it yet');
  welcomed.sockets[0]?.say(welcome);
  await tried;
  await welcomed.reporter.tried(500);

  await reporting(t, false).reporter.tried(500);

  const slow = reporting(t, true);
  const late = slow.reporter.tried(500);
  await until('it has connected', () => slow.sockets.length === 1);
  slow.pass(500);
  await late;
  t.is(slow.reporter.connection().state, 'connecting');
});

test('a session ends with the next heartbeat once this host has another identity, and the next has that one', async (t) => {
  const { state, reporter, asked, sockets, pass } = reporting(t, true);
  await until('it has connected', () => sockets.length === 1);
  sockets[0]?.say(challenge);
  sockets[0]?.say(welcome);
  t.is(reporter.connection().state, 'connected');
  pass(15_000);
  t.false(sockets[0]?.isClosed, 'the identity is the same');
  const before = loadEnrolment(state);
  t.true(before.ok && before.value && saveEnrolment(state, { ...before.value, rotating: true }).ok);
  pass(15_000);
  t.false(sockets[0]?.isClosed, 'another key is no other identity');
  t.true(saveEnrolment(state, identity('new')).ok);
  pass(15_000);
  t.true(sockets[0]?.isClosed);
  await until('it has connected again', () => sockets.length === 2);
  t.deepEqual(asked, ['old:1', 'new:1']);
});

test('a long wait ends within 20 s once this host has another identity, and no timer is shorter for it', async (t) => {
  const { state, asked, logged, waits, pass } = reporting(t, false);
  while (asked.length < heldFailures + 5) {
    pass(10_000);
    await turn();
  }
  t.true(
    waits.every((ms, index) => ms >= 10_000 || index < heldFailures),
    waits.join(' '),
  );
  t.true(logged.length < 15, `${asked.length} tries in vain, ${logged.length} lines`);
  t.false(asked.includes('new:1'));
  t.true(saveEnrolment(state, identity('new')).ok);
  const before = asked.length;
  for (let left = 2; left > 0; left--) {
    pass(10_000);
    await turn();
  }
  t.is(asked[before], 'new:1');
});

test('who watches is told when the last event is delivered, and not at each one', async (t) => {
  const { reporter, sockets, told } = reporting(t, true);
  const subject = { kind: 'host' as const, id: 'web-1' };
  const draft = { at: '2026-11-27T10:00:00.000Z', kind: 'agent-started' as const, subject, ok: true, summary: '' };
  for (let count = 0; count < 3; count++) reporter.record({ ...draft, detail: {}, steps: [] });
  await until('it has connected', () => sockets.length === 1);
  sockets[0]?.say(challenge);
  sockets[0]?.say(welcome);
  t.is(told.at(-1), 'connected 3');
  const before = told.length;
  for (const seq of [1, 2, 3]) sockets[0]?.say({ type: 'ack', epoch: outboxEpoch, seq });
  t.deepEqual(told.slice(before), ['connected 0']);
});

/** Until what is resolved at this moment has gone on. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
