import test from 'ava';
import fc from '../../helpers/properties.ts';
import type { OutcomeReason } from '../../../agent/decide/action.ts';
import { capOf, type Ledger, settledLedger, withEnd, withTry } from '../../../agent/decide/caps.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.parse('2026-11-23T12:00:00.000Z');
const shop = {
  lineage: 'shop',
  names: ['shop.example.test', 'www.example.test'],
  lifeMs: 90 * day,
  notAfter: noon + 60 * day,
};
const empty: Ledger = { tries: [] };

/** A ledger in which this order was tried at these instants, each with this end. */
function tried(instants: number[], reason: OutcomeReason, order = shop, from = empty): Ledger {
  return instants.reduce((ledger, at) => withEnd(withTry(ledger, order, at), reason), from);
}

test('one set of names gets four certificates in seven days, and the next when the oldest is seven days old', (t) => {
  const four = tried([noon, noon + hour, noon + day, noon + 2 * day], 'done');
  t.is(capOf(tried([noon, noon + hour, noon + day], 'done'), shop, noon + 2 * day), undefined);
  const cap = capOf(four, shop, noon + 3 * day);
  t.is(cap?.retryAt, noon + 7 * day);
  t.regex(cap?.detail ?? '', /4 certificates for the names of shop in 7 days/);
  t.is(capOf(four, shop, noon + 7 * day), undefined);
});

test('the set counts whatever the lineage is called and however its names are written; another set is free', (t) => {
  const four = tried(
    [1, 2, 3, 4].map((count) => noon + count * hour),
    'done',
  );
  const now = noon + 5 * hour;
  const again = {
    ...shop,
    lineage: 'shop-0001',
    names: ['WWW.example.test', 'shop.example.test', 'shop.EXAMPLE.test'],
  };
  t.truthy(capOf(four, again, now));
  t.is(capOf(four, { ...shop, names: ['shop.example.test'] }, now), undefined);
});

test('a try that was killed counts as a certificate and as a failed authorisation', (t) => {
  const killed = [0, 1, 2, 3].reduce((ledger, count) => withTry(ledger, shop, noon + count * minute), empty);
  t.is(capOf(killed, shop, noon + 10 * minute)?.retryAt, noon + 7 * day);
  const other = { ...shop, lineage: 'other', names: ['shop.example.test'] };
  t.is(capOf(killed, other, noon + 10 * minute)?.retryAt, noon + hour, 'the name is the same, the set is not');
});

test('four failed tries for a name stop every order with that name for the rest of the hour', (t) => {
  const failed = tried(
    [0, 1, 2, 3].map((count) => noon + count * minute),
    'unauthorized',
  );
  const other = { ...shop, lineage: 'other', names: ['www.example.test', 'x.example.test'] };
  t.is(capOf(failed, other, noon + 5 * minute)?.retryAt, noon + hour);
  t.regex(capOf(failed, other, noon + 5 * minute)?.detail ?? '', /4 failed tries for www\.example\.test in an hour/);
  t.is(capOf(failed, { ...other, names: ['x.example.test'] }, noon + 5 * minute), undefined);
  t.is(capOf(settledLedger(failed, noon + hour), shop, noon + hour), undefined, 'and they are no certificates');
});

test('what never asked the CA counts for nothing, however often', (t) => {
  for (const reason of ['busy', 'not-found', 'program-absent', 'config-broken', 'plugin-missing'] as const) {
    const often = tried(
      Array.from({ length: 500 }, (_, count) => noon + count),
      reason,
    );
    t.deepEqual(often, empty, reason);
  }
});

test("the CA's Retry-After is kept for every order of the same names, for a week at most", (t) => {
  const told = withEnd(withTry(empty, shop, noon), 'rate-limited', noon + 5 * hour);
  t.is(capOf(told, shop, noon + hour)?.retryAt, noon + 5 * hour);
  t.is(capOf(told, shop, noon + 5 * hour), undefined);
  t.is(capOf(told, { ...shop, names: ['x.example.test'] }, noon + hour), undefined);
  const absurd = withEnd(withTry(empty, shop, noon), 'rate-limited', noon + 4000 * day);
  t.is(capOf(absurd, shop, noon + hour)?.retryAt, noon + 7 * day);
});

test('in the last twenty-fourth of a life the fifth try may go, and the CA is asked in spite of its Retry-After', (t) => {
  const week = { ...shop, lifeMs: 160 * hour, notAfter: noon + 80 * hour };
  const lastChance = week.notAfter - week.lifeMs / 24;
  const killed = [0, 1, 2, 3].reduce((ledger, count) => withTry(ledger, week, noon + count * hour), empty);
  t.is(capOf(killed, week, noon + 5 * hour)?.retryAt, lastChance);
  t.is(capOf(killed, week, lastChance), undefined);
  t.is(capOf(withTry(killed, week, lastChance), week, lastChance + hour)?.retryAt, noon + 7 * day, 'and no sixth');
  const told = withEnd(withTry(empty, week, noon), 'rate-limited', noon + 6 * day);
  t.is(capOf(told, week, noon + hour)?.retryAt, lastChance);
});

test('a try that was ended at its deadline left no certificate here: it counts for a day, a twenty-fourth of a short life', (t) => {
  const instants = [0, 1, 2, 3].map((count) => noon + count * hour);
  t.is(capOf(tried(instants, 'timed-out'), shop, noon + 4 * hour)?.retryAt, noon + day);
  t.is(capOf(tried(instants, 'timed-out'), shop, noon + day), undefined);
  const week = { ...shop, lifeMs: 160 * hour, notAfter: noon + 80 * hour };
  t.is(capOf(tried(instants, 'timed-out', week), week, noon + 4 * hour)?.retryAt, noon + week.lifeMs / 24);
  const three = tried(instants.slice(0, 3), 'done');
  t.is(
    capOf(tried([noon + 3 * hour], 'timed-out', shop, three), shop, noon + 4 * hour)?.retryAt,
    noon + 3 * hour + day,
  );
});

test('a host begins a hundred orders in three hours', (t) => {
  const many = Array.from({ length: 100 }, (_, count) => ({
    ...shop,
    lineage: `l${count}`,
    names: [`n${count}.test`],
  }));
  const ledger = many.reduce((kept, order, count) => tried([noon + count * 1000], 'done', order, kept), empty);
  const cap = capOf(ledger, { ...shop, names: ['new.test'] }, noon + 10 * minute);
  t.is(cap?.retryAt, noon + 3 * hour);
});

test('a life under three days is its own window, so that no cap becomes a lapse', (t) => {
  for (const life of [minute, hour, 24 * hour, 71 * hour]) {
    const short = { ...shop, lifeMs: life };
    const four = tried(
      [0, 1, 2, 3].map((count) => noon + (count * life) / 8),
      'done',
      short,
    );
    t.is(capOf(four, short, noon + life / 2)?.retryAt, noon + life);
  }
});

test('lives of 160 hours, 47 and 90 days renewed at half or two thirds are never capped', (t) => {
  for (const life of [160 * hour, 47 * day, 90 * day]) {
    const order = { ...shop, lifeMs: life };
    let ledger = empty;
    for (let at = noon; at < noon + 365 * day; at += life / 2) {
      ledger = settledLedger(ledger, at);
      t.is(capOf(ledger, order, at), undefined);
      ledger = tried([at], 'done', order, ledger);
    }
  }
});

test('entries from the future count as now, and no longer', (t) => {
  const ahead = tried(
    [0, 1, 2, 3].map((count) => noon + 400 * day + count),
    'done',
  );
  const settled = settledLedger(ahead, noon);
  t.is(capOf(settled, shop, noon)?.retryAt, noon + 7 * day);
  t.is(capOf(settledLedger(settled, noon + 7 * day), shop, noon + 7 * day), undefined);
});

test('after a damaged ledger one renewal may go in seven days, for each set of names', (t) => {
  const damaged: Ledger = { tries: [], damagedAt: noon };
  t.is(capOf(damaged, shop, noon), undefined);
  const one = tried([noon + hour], 'done', shop, damaged);
  t.is(capOf(one, shop, noon + 2 * hour)?.retryAt, noon + 7 * day);
  t.is(capOf(one, { ...shop, names: ['x.example.test'] }, noon + 2 * hour), undefined);
  t.deepEqual(settledLedger(damaged, noon + 7 * day), empty);
});

test('whatever is asked for at whatever moments: the caps hold, and the ledger stays small', (t) => {
  const ends: OutcomeReason[] = [
    'done',
    'unauthorized',
    'dns',
    'busy',
    'rate-limited',
    'timed-out',
    'internal',
    'unchanged',
  ];
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 6 * hour }),
    end: fc.constantFrom(...ends),
    set: fc.nat({ max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let ledger = empty;
      let now = noon;
      const begun: { at: number; end: OutcomeReason; set: number }[] = [];
      for (const { wait, end, set } of steps) {
        now += wait;
        ledger = settledLedger(ledger, now);
        const order = { ...shop, names: ['shared.test', `only-${set}.test`] };
        if (capOf(ledger, order, now)) continue;
        ledger = withEnd(withTry(ledger, order, now), end);
        begun.push({ at: now, end, set });
      }
      for (const { at } of begun) {
        const hourly = begun.filter((one) => one.at > at - hour && one.at <= at);
        const failed = hourly.filter(({ end }) => ['unauthorized', 'dns', 'timed-out', 'internal'].includes(end));
        if (failed.length > 4) throw new Error(`${failed.length} failed tries for shared.test within an hour`);
        for (const set of [0, 1, 2]) {
          const issued = begun.filter(
            (one) =>
              one.set === set &&
              one.at > at - (one.end === 'timed-out' ? day : 7 * day) &&
              one.at <= at &&
              ['done', 'timed-out', 'internal', 'unchanged'].includes(one.end),
          );
          if (issued.length > 4) throw new Error(`${issued.length} certificates that count`);
        }
      }
      if (ledger.tries.length > 5600) throw new Error('the ledger grows');
    }),
  );
  t.pass();
});
