import test, { type ExecutionContext } from 'ava';
import {
  type Enrolment,
  loadEnrolment,
  loadOrMakeKey,
  publicHalf,
  saveEnrolment,
} from '../../../agent/report/identity.ts';
import { createKeyring } from '../../../agent/report/keyring.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 10, 27);

function host(t: ExecutionContext, change: Partial<Enrolment> = {}) {
  const state = systemState(testDirectory(t));
  let now = start;
  const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
  loadOrMakeKey(state, 'agent-key.pem');
  const first: Enrolment = { authority: 'c:1', pin: 'p', agentId: 'agent-123', collectorId: 'c', keyMadeAt: start };
  saveEnrolment(state, { ...first, ...change });
  const enrolment = (): Enrolment => {
    const loaded = loadEnrolment(state);
    if (!loaded.ok || !loaded.value) throw new Error('not enrolled');
    return loaded.value;
  };
  return {
    state,
    enrolment,
    pass: (ms: number) => (now += ms),
    /** As a process that starts anew: nothing but the disk is known. */
    start: () => {
      const keyring = createKeyring({ state, clock, log: silentLog });
      return { ...keyring, used: () => halfOf(keyring.key(enrolment())) };
    },
  };
}

function halfOf(key: ReturnType<typeof loadOrMakeKey>): string {
  if (!key.ok) throw new Error(key.failure.detail);
  return publicHalf(key.value);
}

test('a young key stays, one of thirty days or of unknown age makes another', (t) => {
  const { start, pass } = host(t);
  const keyring = start();
  const first = keyring.used();
  t.is(keyring.next(), undefined);
  pass(30 * day);
  const next = keyring.next();
  t.not(next && publicHalf(next), first);
  const unknown = host(t, { keyMadeAt: undefined as never }).start();
  unknown.used();
  t.truthy(unknown.next());
});

test('once the collector has it the new key is the current one, for the next thirty days', (t) => {
  const { start, pass } = host(t);
  const keyring = start();
  const first = keyring.used();
  pass(31 * day);
  const next = publicHalf(keyring.next() ?? t.fail());
  keyring.rotated();
  t.is(keyring.used(), next);
  t.is(keyring.next(), undefined);
  t.is(start().used(), next, 'also after a restart');
  keyring.accepted();
  t.true(keyring.rejected(), 'the key before is kept, for a collector that was put back from a backup');
  t.is(keyring.used(), first);
  keyring.accepted();
  t.is(start().used(), first);
});

test('killed before the wish was sent: the old key goes on, and the same next key is told', (t) => {
  const { start, pass } = host(t);
  const before = start();
  const first = before.used();
  pass(31 * day);
  const next = publicHalf(before.next() ?? t.fail());
  const after = start();
  t.is(after.used(), first);
  after.accepted();
  t.is(publicHalf(after.next() ?? t.fail()), next);
});

test('killed after the collector took the key: refused with the old one, the new one is tried and becomes the current one', (t) => {
  const { start, pass, enrolment } = host(t);
  const before = start();
  before.used();
  pass(31 * day);
  const next = publicHalf(before.next() ?? t.fail());
  const after = start();
  after.used();
  t.true(after.rejected());
  t.is(after.used(), next);
  after.accepted();
  t.is(enrolment().rotating, undefined);
  t.is(after.next(), undefined);
  t.is(start().used(), next);
});

test('refused with both keys, both are tried in turn, and nothing is changed', (t) => {
  const { start, pass, enrolment } = host(t);
  const keyring = start();
  const first = keyring.used();
  t.false(keyring.rejected(), 'there is no other key yet');
  pass(31 * day);
  keyring.next();
  const kept = enrolment();
  t.true(keyring.rejected());
  t.not(keyring.used(), first);
  t.false(keyring.rejected());
  t.is(keyring.used(), first);
  t.deepEqual(enrolment(), kept);
});

test('an answer that comes after this host was enrolled anew changes nothing', (t) => {
  const { state, start, pass, enrolment } = host(t);
  const keyring = start();
  keyring.used();
  pass(31 * day);
  keyring.next();
  const anew: Enrolment = { authority: 'd:1', pin: 'q', agentId: 'agent-456', collectorId: 'd', keyMadeAt: 0 };
  saveEnrolment(state, anew);
  keyring.rotated();
  t.deepEqual(enrolment(), anew);
});
