import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { type Attempt, attemptsToKeep } from '../../../agent/decide/retry.ts';
import { certificate, config, day, noon, observed } from '../../helpers/observed.ts';
import { simulate } from '../../helpers/simulated-host.ts';

const hour = 3_600_000;

for (const [name, lifeMs] of [
  ['an hour', hour],
  ['a day', day],
  ['160 hours', 160 * hour],
  ['45 days', 45 * day],
  ['47 days', 47 * day],
  ['64 days', 64 * day],
  ['90 days', 90 * day],
  ['398 days', 398 * day],
] as const) {
  const days = Math.min(800, (lifeMs / day) * 6);

  test(`certificates of ${name} are renewed once each in time, and never lapse`, (t) => {
    const { tries, expiredMs } = simulate({ lifeMs, days, act: () => 'renewed' });
    t.is(expiredMs, 0);
    t.true(tries.length >= 3 && tries.length <= 12, String(tries.length));
  });

  test(`certificates of ${name} outlive a CA that is away for most of the time that is left`, (t) => {
    const left = lifeMs < 10 * day ? lifeMs / 2 : lifeMs / 3;
    const outageMs = left * 0.8;
    let downSince: number | undefined;
    const { expiredMs, most } = simulate({
      lifeMs,
      days: (lifeMs / day) * 2.5,
      act: (_verb, now) => {
        downSince ??= now;
        return now - downSince < outageMs ? 'certbot-failed' : 'renewed';
      },
    });
    t.is(expiredMs, 0, 'it lapsed');
    t.true(most(hour) <= 4 || lifeMs < day, `${most(hour)} tries within an hour`);
    t.true(most(7 * day) <= 12 || lifeMs < 10 * day, `${most(7 * day)} tries within a week`);
  });
}

/** A CA that hangs: each try is ended at its deadline until this instant, for a life that ends at `end` and is renewed from `since` on. */
const hangs: [what: string, until: (since: number, end: number, lifeMs: number) => number, isMissedOnce?: true][] = [
  ['for two and a half hours', (since) => since + 2.5 * hour],
  ['for most of the time that is left', (since, end) => since + (end - since) * 0.8],
  ['for an hour into the last twenty-fourth', (_since, end, lifeMs) => end - lifeMs / 24 + hour],
  ['until the last twenty-fourth, and is then not reached once', (_since, end, lifeMs) => end - lifeMs / 24, true],
];

for (const [name, lifeMs] of [
  ['160 hours', 160 * hour],
  ['45 days', 45 * day],
  ['47 days', 47 * day],
  ['64 days', 64 * day],
  ['90 days', 90 * day],
  ['398 days', 398 * day],
] as const) {
  for (const [what, until, isMissedOnce] of hangs) {
    test(`certificates of ${name} outlive a CA that hangs ${what}`, (t) => {
      const end = noon + lifeMs;
      let since: number | undefined;
      let missed = 0;
      const { expiredMs, tries, most } = simulate({
        lifeMs,
        days: (lifeMs / day) * 1.1,
        withLedger: true,
        act: (_verb, now) => {
          since ??= now;
          if (now < until(since, end, lifeMs)) return 'timed-out';
          if (isMissedOnce && now < end && (missed += 1) === 1) return 'connection';
          return 'renewed';
        },
      });
      const told = tries.map(({ at, reason }) => `${((end - at) / hour).toFixed(1)} h before: ${reason}`).join();
      t.is(expiredMs, 0, told);
      t.true(tries.some(({ reason }) => reason === 'timed-out'));
      t.is(missed > 0, isMissedOnce === true, told);
      t.true(most(hour) <= 5, told);
    });
  }
}

test('a certificate that a CA issues and that is never seen on disk is asked for five times a week at most', (t) => {
  const { most } = simulate({ lifeMs: 90 * day, days: 150, act: () => 'unchanged' });
  t.true(most(7 * day) <= 5, String(most(7 * day)));
});

test('a success that is due again at once is not repeated in a loop', (t) => {
  const { most } = simulate({ lifeMs: 90 * day, days: 150, act: () => 'done' });
  t.true(most(7 * day) <= 5, String(most(7 * day)));
});

test('a lock that is held for a day is asked for every 15 seconds, and its tries push no other out', (t) => {
  let first: number | undefined;
  const { tries, attempts } = simulate({
    lifeMs: 90 * day,
    days: 64,
    act: (_verb, now) => {
      first ??= now;
      return now - first < 30_000 ? 'timed-out' : now - first < day ? 'busy' : 'renewed';
    },
  });
  t.is(tries.at(-1)?.reason, 'done');
  t.true(attempts.length <= 6, String(attempts.length));
});

test('a reload that does not hold is tried 5 times on the first day, and once a day from then on', (t) => {
  for (const reason of ['done', 'not-proved', 'reload-failed'] as const) {
    const { most, tries } = simulate({ lifeMs: 398 * day, days: 60, act: () => reason, servesOld: true });
    t.true(most(day) <= 5, `${reason}: ${most(day)}`);
    t.true(tries.length >= 55 && tries.length <= 70, `${reason}: ${tries.length}`);
  }
});

test('a clock that was 400 days ahead when something was tried does not hold the next try back', (t) => {
  const ahead: Attempt = { verb: 'renew', subject: 'shop', at: noon + 400 * day, reason: 'certbot-failed', detail: '' };
  t.deepEqual(attemptsToKeep([ahead], noon), [{ ...ahead, at: noon }]);
  const due = certificate('a', { notAfter: new Date(noon + day).toISOString() });
  const attempts = attemptsToKeep([ahead], noon);
  const { plan } = decide(observed({ certificates: [due] }), attempts, [], config('renew'), noon + 61_000);
  t.deepEqual(
    plan.actions.map(({ request }) => request.verb),
    ['renew'],
  );
});
