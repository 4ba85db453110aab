import test from 'ava';
import { reconnectDelay } from '../../../agent/report/reconnect.ts';
import { createAdmission } from '../../../collector/receive/admission.ts';
import { restartHint } from '../../../collector/receive/listener.ts';
import { handClock } from '../helpers/hand-clock.ts';

const limits = { total: 3, perAddress: 2, deadlineMs: 5_000 };

test('an address has no more than its share of places', (t) => {
  const admission = createAdmission(handClock(0), limits);
  const gone: string[] = [];
  const slots = ['a1', 'a2', 'a3'].map((name) => admission.admit('a', () => gone.push(name)));
  t.deepEqual(slots.map(Boolean), [true, true, false]);
  slots[0]?.release();
  t.truthy(admission.admit('a', () => gone.push('a4')));
  t.deepEqual(gone, []);
});

test('a reverse proxy may have all places, also where its address is written as one of IPv6', (t) => {
  const admission = createAdmission(handClock(0), { total: 4, perAddress: 1, deadlineMs: 1, proxies: ['192.0.2.1'] });
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1', '192.0.2.2'])
    t.truthy(admission.admit(address, () => {}));
  t.is(
    admission.admit('192.0.2.2', () => {}),
    undefined,
  );
});

test('when all places are taken the one that waited longest goes', (t) => {
  const admission = createAdmission(handClock(0), limits);
  const gone: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) t.truthy(admission.admit(name, () => gone.push(name)));
  t.deepEqual(gone, ['a']);
  t.is(admission.waiting(), 3);
});

test('time is up after the deadline, which an enrolment starts anew', (t) => {
  const clock = handClock(0);
  const admission = createAdmission(clock, limits);
  const gone: string[] = [];
  admission.admit('a', () => gone.push('a'));
  const polite = admission.admit('b', () => gone.push('b'));
  polite?.onLate(() => gone.push('b was told'));
  clock.advance(4_000);
  polite?.extend();
  clock.advance(1_000);
  t.deepEqual(gone, ['a']);
  clock.advance(4_000);
  t.deepEqual(gone, ['a', 'b was told']);
  t.is(admission.waiting(), 0);
});

test('whoever said hello in time is not late because of the time that it takes to be believed, and keeps a place', (t) => {
  const clock = handClock(0);
  const admission = createAdmission(clock, limits);
  const gone: string[] = [];
  const slot = admission.admit('a', () => gone.push('a'));
  clock.advance(4_900);
  slot?.heard();
  clock.advance(60_000);
  t.deepEqual(gone, []);
  t.is(admission.waiting(), 1);
  slot?.extend();
  clock.advance(5_000);
  t.deepEqual(gone, ['a']);
});

test('a released place is never late', (t) => {
  const clock = handClock(0);
  const admission = createAdmission(clock, limits);
  const gone: string[] = [];
  const slot = admission.admit('a', () => gone.push('a'));
  slot?.release();
  slot?.extend();
  clock.advance(60_000);
  t.deepEqual(gone, []);
});

test('a large fleet is told how long a restart takes, a small one may try at once', (t) => {
  t.is(restartHint(599), undefined);
  const hint = restartHint(600);
  t.deepEqual(hint, { type: 'refused', reason: 'try-later', retryAfterSeconds: 4 });
  t.deepEqual([reconnectDelay(0, 0, hint), reconnectDelay(0, 1, hint)], [4_000, 8_000]);
});
