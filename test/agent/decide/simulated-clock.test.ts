import test from 'ava';
import type { Outcome } from '../../../agent/decide/action.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { type Attempt, attemptsToKeep, withAttempt } from '../../../agent/decide/retry.ts';
import type { Finding } from '@certherd/protocol/finding';
import { certificate, config, day, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const hour = 3_600_000;

/** A host whose agent acts on its own plan for `days`, on a clock that jumps to whatever comes next. */
function simulate(
  lifeMs: number,
  days: number,
  act: (request: 'renew' | 'reload', now: number) => Outcome['reason'] | 'renewed',
  from = { issuedAt: noon, servesOld: false },
) {
  let now = from.issuedAt;
  let issuedAt = now;
  let serial = 10;
  let attempts: Attempt[] = [];
  let before: Finding[] = [];
  let looks = 0;
  const tries: { verb: string; at: number; reason: string }[] = [];
  let expiredMs = 0;
  const until = now + days * day;
  while (now < until) {
    looks += 1;
    const mark = serial.toString(16).padStart(2, '0').repeat(32);
    const newest = certificate('a', {
      fingerprint: mark,
      notBefore: new Date(issuedAt).toISOString(),
      notAfter: new Date(issuedAt + lifeMs).toISOString(),
    });
    const observations = observed({
      certificates: [newest, certificate('b')],
      lineages: [lineage({ issued: mark, live: mark, changedAt: new Date(issuedAt).toISOString() })],
      deployments: [deployment({ configured: mark })],
      endpoints: [endpoint({ issued: mark, configured: mark, served: from.servesOld ? 'b'.repeat(64) : mark })],
      files: [],
    });
    attempts = attemptsToKeep(attempts, now);
    const { plan, snapshot } = decide(observations, attempts, before, { ...config('renew'), rescanMs: hour }, now);
    before = snapshot.findings;
    const [action] = plan.actions;
    if (!action) {
      const next = Math.max(plan.lookAgainAt, now + 1);
      expiredMs += Math.max(0, next - Math.max(now, issuedAt + lifeMs));
      now = next;
      continue;
    }
    now += 10_000;
    const said = act(action.request.verb, now);
    if (said === 'renewed') {
      issuedAt = now;
      serial += 1;
    }
    const reason = said === 'renewed' ? 'done' : said;
    tries.push({ verb: action.request.verb, at: now, reason });
    attempts = withAttempt(attempts, {
      verb: action.request.verb,
      subject: action.subject,
      at: now,
      reason,
      detail: '',
    });
    if (looks > 2_000_000) throw new Error('it spins');
  }
  const most = (windowMs: number) =>
    Math.max(0, ...tries.map(({ at }) => tries.filter((other) => other.at >= at && other.at < at + windowMs).length));
  return { tries, expiredMs, most, attempts };
}

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
    const { tries, expiredMs } = simulate(lifeMs, days, () => 'renewed');
    t.is(expiredMs, 0);
    t.true(tries.length >= 3 && tries.length <= 12, String(tries.length));
  });

  test(`certificates of ${name} outlive a CA that is away for most of the time that is left`, (t) => {
    const left = lifeMs < 10 * day ? lifeMs / 2 : lifeMs / 3;
    const outageMs = left * 0.8;
    let downSince: number | undefined;
    const { expiredMs, most } = simulate(lifeMs, (lifeMs / day) * 2.5, (_verb, now) => {
      downSince ??= now;
      return now - downSince < outageMs ? 'certbot-failed' : 'renewed';
    });
    t.is(expiredMs, 0, 'it lapsed');
    t.true(most(hour) <= 4 || lifeMs < day, `${most(hour)} tries within an hour`);
    t.true(most(7 * day) <= 12 || lifeMs < 10 * day, `${most(7 * day)} tries within a week`);
  });
}

test('a certificate that a CA issues and that is never seen on disk is asked for five times a week at most', (t) => {
  const { most } = simulate(90 * day, 150, () => 'unchanged');
  t.true(most(7 * day) <= 5, String(most(7 * day)));
});

test('a success that is due again at once is not repeated in a loop', (t) => {
  const { most } = simulate(90 * day, 150, () => 'done');
  t.true(most(7 * day) <= 5, String(most(7 * day)));
});

test('a lock that is held for a day is asked for every 15 seconds, and its tries push no other out', (t) => {
  let first: number | undefined;
  const { tries, attempts } = simulate(90 * day, 64, (_verb, now) => {
    first ??= now;
    return now - first < 30_000 ? 'timed-out' : now - first < day ? 'busy' : 'renewed';
  });
  t.is(tries.at(-1)?.reason, 'done');
  t.true(attempts.length <= 6, String(attempts.length));
});

test('a reload that does not hold is tried 5 times on the first day, and once a day from then on', (t) => {
  for (const reason of ['done', 'not-proved', 'reload-failed'] as const) {
    const { most, tries } = simulate(398 * day, 60, () => reason, { issuedAt: noon, servesOld: true });
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
