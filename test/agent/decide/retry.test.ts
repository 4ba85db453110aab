import test from 'ava';
import { type Attempt, attemptsToKeep, nextRenewalAt, nextTryAt, withAttempt } from '../../../agent/decide/retry.ts';

const minute = 60_000;
const tried = (at: number, reason: Attempt['reason'], verb: Attempt['verb'] = 'renew', subject = 'shop'): Attempt => ({
  verb,
  subject,
  at,
  reason,
  detail: '',
});

test('failures in a row wait 1, 10 and 100 minutes, then a day', (t) => {
  const waits = [1, 2, 3, 4].map((failures) => {
    const attempts = Array.from({ length: failures }, (_, index) => tried(index, 'certbot-failed'));
    return nextTryAt(attempts, 'renew', 'shop') - (failures - 1);
  });
  t.deepEqual(waits, [minute, 10 * minute, 100 * minute, 1440 * minute]);
});

test('a success ends the row, and other lineages do not count', (t) => {
  t.is(nextTryAt([tried(0, 'certbot-failed'), tried(5, 'done')], 'renew', 'shop'), 5 + minute);
  t.is(nextTryAt([tried(0, 'certbot-failed')], 'renew', 'other'), 0);
});

test('a held lock is tried again after 15 seconds', (t) => {
  t.is(nextTryAt([tried(0, 'busy')], 'renew', 'shop'), minute / 4);
});

test('five certificates within seven days are the cap, and what the CA turned down does not count', (t) => {
  const hour = 60 * minute;
  const five = Array.from({ length: 5 }, (_, index) => tried(index * hour, 'done'));
  t.is(nextTryAt(five, 'renew', 'shop'), 7 * 24 * hour);
  t.is(
    nextTryAt([...five, tried(6 * hour, 'not-allowed')], 'renew', 'shop'),
    7 * 24 * hour,
    'a try that never reached the CA does not count',
  );
  const failures = Array.from({ length: 5 }, (_, index) => tried(index * hour, 'certbot-failed'));
  t.is(nextTryAt(failures, 'renew', 'shop'), 28 * hour, 'a day after the last');
  t.is(nextTryAt(five, 'renew', 'shop', 160 * hour), 160 * hour, 'a life at most');
});

test('a certificate of a short life waits in proportion', (t) => {
  t.is(nextTryAt([tried(0, 'certbot-failed')], 'renew', 'shop', 12 * minute), minute / 2);
});

test('an agent that is killed in the middle of a renewal over and over does not renew over and over', (t) => {
  const killed = Array.from({ length: 5 }, (_, index) => tried(index, 'internal'));
  t.is(nextTryAt(killed, 'renew', 'shop'), 7 * 1440 * minute);
});

test('a try that met a lock gives way to the next, so that thousands of them hide nothing', (t) => {
  let attempts = [tried(0, 'done'), tried(1, 'busy', 'renew', 'other')];
  for (let at = 2; at < 100; at++) attempts = withAttempt(attempts, tried(at, 'busy'));
  attempts = withAttempt(attempts, tried(100, 'certbot-failed'));
  t.deepEqual(
    attempts.map(({ at, reason }) => [at, reason]),
    [
      [0, 'done'],
      [1, 'busy'],
      [100, 'certbot-failed'],
    ],
  );
});

test('a reload that went well and has to be done again for the same state is not done in a loop', (t) => {
  t.is(nextTryAt([tried(0, 'done', 'reload', 'x')], 'reload', 'x'), minute);
  t.is(nextTryAt([tried(0, 'done', 'reload', 'x'), tried(minute, 'done', 'reload', 'x')], 'reload', 'x'), 11 * minute);
  t.is(nextTryAt([tried(0, 'done', 'reload', 'x')], 'reload', 'y'), 0);
});

test('attempts are kept for longer than the cap looks back', (t) => {
  const day = 1440 * minute;
  t.is(attemptsToKeep([tried(0, 'done'), tried(2 * day, 'done')], 9 * day).length, 1);
  const many = Array.from({ length: 3000 }, (_, index) => tried(index, 'certbot-failed', 'renew', `site-${index}`));
  t.is(attemptsToKeep(many, day).length, 3000, 'of every lineage');
  t.is(
    attemptsToKeep(
      Array.from({ length: 50 }, () => tried(0, 'done')),
      day,
    ).length,
    6,
  );
});

test('what the CA asks for is kept to, for seven days at most and not past the last twenty-fourth of the life', (t) => {
  const day = 1440 * minute;
  const life = (days: number) => ({
    notBefore: new Date(0).toISOString(),
    notAfter: new Date(days * day).toISOString(),
  });
  const limited = (at: number, retryAt: number): Attempt => ({ ...tried(at, 'rate-limited'), retryAt });
  t.is(nextRenewalAt([limited(0, 2 * day)], 'shop', life(90)), 2 * day);
  t.is(nextRenewalAt([limited(0, 30)], 'shop', life(90)), minute, 'its own wait is longer');
  t.is(nextRenewalAt([limited(0, 400 * day)], 'shop', life(90)), 7 * day);
  t.is(nextRenewalAt([limited(88 * day, 400 * day)], 'shop', life(90)), 88 * day + minute, 'the last tries go on');
  t.is(nextRenewalAt([limited(84 * day, 400 * day)], 'shop', life(90)), (90 - 90 / 24) * day);
  t.is(nextRenewalAt([limited(0, 6.5 * day)], 'shop', life(160 / 24)), (160 - 160 / 24) * 60 * minute);
  t.is(nextRenewalAt([limited(0, 2 * day)], 'other', life(90)), 0);
  t.is(nextRenewalAt([limited(0, 2 * day), tried(1, 'done')], 'shop', life(90)), 1 + minute, 'a success ends it');
  t.is(nextRenewalAt([limited(0, 2 * day), tried(9, 'busy')], 'shop', undefined), 2 * day, 'a lock does not');
});

test('in the last twenty-fourth of the life the waits begin anew, and are 100 minutes at most until as long after the end', (t) => {
  const day = 1440 * minute;
  const life = { notBefore: new Date(0).toISOString(), notAfter: new Date(90 * day).toISOString() };
  const lastChance = 90 * day - (90 * day) / 24;
  const earlier = [1, 2, 3, 4].map((count) => tried(lastChance - count * day, 'connection')).toReversed();
  const next = (...at: number[]) =>
    nextRenewalAt([...earlier, ...at.map((one) => tried(one, 'connection'))], 'shop', life);
  t.is(next(), lastChance, 'a day after the last, which is then');
  t.is(next(lastChance - minute), lastChance, 'no wait goes past its begin');
  const waits = [1, 2, 3, 4, 5].map((count) => {
    const at = Array.from({ length: count }, (_, index) => lastChance + index);
    return next(...at) - (at.at(-1) ?? 0);
  });
  t.deepEqual(waits, [minute, 10 * minute, 100 * minute, 100 * minute, 100 * minute]);
  const after = 90 * day + (90 * day) / 24;
  t.is(next(lastChance, after - 1), after - 1 + 10 * minute);
  t.is(next(lastChance, after), after + day, 'then a day again');
  const five = Array.from({ length: 5 }, (_, index) => tried(lastChance + index, 'unchanged'));
  t.is(nextRenewalAt(five, 'shop', life), lastChance + 7 * day, 'the cap of certificates holds');
});

test('a try that was ended at its deadline counts as a certificate for a day, a twenty-fourth of the life at most', (t) => {
  const hour = 60 * minute;
  const five = Array.from({ length: 5 }, (_, index) => tried(index, 'timed-out'));
  t.is(nextTryAt(five, 'renew', 'shop', 90 * 24 * hour), 4 + 24 * hour, 'no longer than the wait itself');
  t.is(nextTryAt(five, 'renew', 'shop', 160 * hour), 4 + (160 / 24) * hour);
  const mixed = [...[0, 1, 2, 3].map((at) => tried(at, 'done')), tried(4, 'timed-out')];
  t.is(nextTryAt(mixed, 'renew', 'shop'), 24 * hour + 4, 'after that there are four');
});

test('a CA that refuses, fails or is not reached does not count as one that issued', (t) => {
  for (const reason of ['dns', 'unauthorized', 'caa', 'connection', 'rejected-identifier', 'ca-failed'] as const) {
    const attempts = Array.from({ length: 6 }, (_, index) => tried(index, reason));
    t.is(nextTryAt(attempts, 'renew', 'shop'), 5 + 1440 * minute, reason);
  }
});
