import test from 'ava';
import type { SuggestedWindow } from '../../../agent/formats/renewal-information.ts';
import { day, noon } from '../../helpers/observed.ts';
import { type Renewed, type Simulated, simulate, type Simulation } from '../../helpers/simulated-host.ts';

const hour = 3_600_000;
const fiveYears = 5 * 365;

/** As Let's Encrypt suggests: two thirds of the life (half under ten days), give or take a fiftieth. */
function usual({ issuedAt, endsAt }: Simulated): SuggestedWindow {
  const life = endsAt - issuedAt;
  const ideal = issuedAt + life * (life < 10 * day ? 1 / 2 : 2 / 3);
  return { start: ideal - life / 50, end: ideal + life / 50 };
}
const over = (now: number): SuggestedWindow => ({ start: now - 2 * hour, end: now - hour });

/** No certificate was replaced twice because its CA asked for it. */
function onceEach(renewals: Renewed[]): boolean {
  const advised = renewals.filter(({ basis, by }) => by === 'agent' && basis === 'renewal-information');
  return new Set(advised.map(({ before }) => before.number)).size === advised.length;
}
const ages = (renewals: Renewed[], lifeMs: number) => renewals.map(({ at, before }) => (at - before.issuedAt) / lifeMs);

for (const [name, lifeMs] of [
  ['160 hours', 160 * hour],
  ['45 days', 45 * day],
  ['47 days', 47 * day],
  ['64 days', 64 * day],
  ['90 days', 90 * day],
  ['398 days', 398 * day],
] as const) {
  const first = lifeMs < 10 * day ? 1 / 2 : 2 / 3;
  const run = (change: Partial<Simulation> = {}) =>
    simulate({
      lifeMs,
      days: fiveYears,
      act: () => 'renewed',
      ca: usual,
      // fewer questions and looks make five years of them a matter of seconds
      retryAfterSeconds: Math.min(12, lifeMs / hour / 20) * 3600,
      rescanMs: Math.min(4 * day, lifeMs / 20),
      ...change,
    });
  const lives = (fiveYears * day) / lifeMs;

  test(`${name}: in five years with and without renewal information nothing lapses and nothing is renewed early`, (t) => {
    const with_ = run();
    t.is(with_.expiredMs, 0);
    t.true(with_.renewals.every(({ basis }) => basis === 'renewal-information'));
    t.true(ages(with_.renewals, lifeMs).every((age) => age >= first - 0.02 && age <= first + 0.021));
    t.true(onceEach(with_.renewals));
    t.false(with_.codes.has('overdue'));
    const without = simulate({
      lifeMs,
      days: fiveYears,
      act: () => 'renewed',
      rescanMs: Math.min(4 * day, lifeMs / 20),
    });
    t.is(without.expiredMs, 0);
    t.true(ages(without.renewals, lifeMs).every((age) => age >= first && age <= first + 1 / 29));
    t.true(without.renewals.length >= Math.floor(lives / (first + 1 / 29)));
  });

  test(`${name}: a window that moves to the past in the middle of a life is obeyed once, and the next life is an ordinary one`, (t) => {
    const { renewals, expiredMs } = run({
      days: Math.min(fiveYears, (lifeMs / day) * 6),
      ca: (live, now) => (live.number === 3 && now > live.issuedAt + lifeMs * 0.4 ? over(now) : usual(live)),
    });
    t.is(expiredMs, 0);
    const [, , third, fourth] = ages(renewals, lifeMs);
    t.true(third !== undefined && third >= 0.4 && third < 0.46, String(third));
    t.true(fourth !== undefined && fourth > first - 0.02, String(fourth));
    t.true(onceEach(renewals));
  });

  test(`${name}: a CA that says "now" for ever gets one renewal for each certificate, and no loop`, (t) => {
    const { renewals, expiredMs, most } = run({ ca: (_live, now) => over(now) });
    t.is(expiredMs, 0);
    t.true(onceEach(renewals));
    const [atOnce, ...later] = ages(renewals, lifeMs);
    t.true(atOnce !== undefined && atOnce < 0.01, 'its first word is obeyed at once');
    t.true(
      later.every((age) => age >= 1 / 6),
      String(Math.min(...later)),
    );
    t.true(most(7 * day) <= 5 + 1, String(most(7 * day)));
    t.true(renewals.length <= 6 * lives + 2, String(renewals.length));
  });

  test(`${name}: a CA that wants every renewal after the end cannot make one lapse`, (t) => {
    const { renewals, expiredMs } = run({ ca: ({ endsAt }) => ({ start: endsAt + day, end: endsAt + 2 * day }) });
    t.is(expiredMs, 0);
    t.true(renewals.every(({ basis }) => basis === 'lifetime'));
    const wide = run({ ca: ({ issuedAt, endsAt }) => ({ start: issuedAt, end: endsAt + 1000 * day }) });
    t.is(wide.expiredMs, 0);
    t.true(ages(wide.renewals, lifeMs).every((age) => age <= first + 1 / 29));
  });

  test(`${name}: outages of the CA's word, and failures for a day, lead to no lapse and no crowd of tries`, (t) => {
    const dark = run({ ca: ({ number }) => (number % 2 === 0 ? 'failed' : usual({ number, issuedAt: 0, endsAt: 1 })) });
    t.is(dark.expiredMs, 0, 'windows of 1970 included');
    t.true(onceEach(dark.renewals));
    const failing = new Map<number, number>();
    const lives_ = run({
      days: Math.min(fiveYears, (lifeMs / day) * 12),
      act: (_verb, now) => {
        const due = Math.floor((now - noon) / (lifeMs / 3));
        const since = failing.get(due) ?? now;
        failing.set(due, since);
        return now - since < day ? 'certbot-failed' : 'renewed';
      },
    });
    t.is(lives_.expiredMs, 0);
    t.true(lives_.most(hour) <= 4, `${lives_.most(hour)} tries within an hour`);
    t.true(onceEach(lives_.renewals));
  });

  test(`${name}: certbot's own timer may renew at any moment, and nothing is renewed twice for it`, (t) => {
    const leftMs = Math.min(30 * day, lifeMs / 3);
    const { renewals, expiredMs } = run({ timer: { everyMs: 12 * hour, leftMs } });
    t.is(expiredMs, 0);
    const replaced = renewals.map(({ before }) => before.number);
    t.is(new Set(replaced).size, replaced.length, 'each certificate is replaced once');
    const eager = run({ timer: { everyMs: 12 * hour, leftMs: lifeMs * 0.6 } });
    t.is(eager.expiredMs, 0);
    t.true(
      eager.renewals.every(({ by }) => by === 'timer'),
      'who renews early leaves the agent nothing to renew',
    );
  });

  test(`${name}: once renewed and linked back, the old certificate is renewed by its lifetime alone`, (t) => {
    let done = 0;
    const { renewals, expiredMs, most } = run({
      days: (lifeMs / day) * 2,
      ca: (_live, now) => over(now),
      act: () => ((done += 1) === 1 ? 'renewed and restored' : 'renewed'),
    });
    t.is(expiredMs, 0);
    t.deepEqual(
      renewals.slice(0, 2).map(({ before, basis }) => [before.number, basis]),
      [
        [1, 'renewal-information'],
        [1, 'lifetime'],
      ],
    );
    t.true((ages(renewals, lifeMs)[1] ?? 0) >= first);
    t.true(most(7 * day) <= 5 + 1);
  });
}
