import test from 'ava';
import fc from '../../helpers/properties.ts';
import { fullest, limitUses } from '../../../collector/present/ca-limits.ts';
import { dueAhead, weeksAhead } from '../../../collector/present/due.ts';
import { lifeBins } from '../../../collector/present/life-histogram.ts';
import { registeredDomain } from '../../../collector/evaluate/registered-domain.ts';
import { day } from '../helpers/example-snapshot.ts';
import { leaf, now } from './example-leaf.ts';

test('what renews by itself comes due at its renewal, everything else at its end, and what ended is not ahead', (t) => {
  const leaves = [
    leaf('by-hand', { leftDays: 9 }),
    leaf('renews', { leftDays: 45, renewsInDays: 15 }),
    leaf('overdue', { leftDays: 4, renewsInDays: -20 }),
    leaf('ended', { leftDays: -1 }),
  ];
  t.deepEqual(
    dueAhead(leaves, now).map(({ what, leaf: { name } }) => [what, name]),
    [
      ['end', 'overdue.example.com'],
      ['end', 'by-hand.example.com'],
      ['renewal', 'renews.example.com'],
    ],
  );
});

test('what is served still, while its lineage has a newer one, ends in no calendar: a reload is what it needs', (t) => {
  const old = leaf('old', { leftDays: 9, renewsInDays: -1 });
  const lineage = old.lineage && { ...old.lineage, live: 'f'.repeat(64) };
  t.deepEqual(dueAhead([{ ...old, lineage }], now), []);
});

test('weeks begin on Monday, the first one is this one, and each day has what comes due on it in UTC', (t) => {
  const weeks = weeksAhead(dueAhead([leaf('a', { leftDays: 0.49 }), leaf('b', { leftDays: 0.51 })], now), now, 2);
  t.is(weeks.length, 2);
  const days = weeks.flat();
  t.is(days[0]?.date, '2026-11-23');
  t.is(days[13]?.date, '2026-12-06');
  const named = days.filter(({ ends }) => ends.length > 0).map(({ date, ends }) => [date, ends[0]?.leaf.name]);
  t.deepEqual(named, [
    ['2026-11-27', 'a.example.com'],
    ['2026-11-28', 'b.example.com'],
  ]);
});

test('every day of any week that is asked for is there once, in order', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (at) => {
      const days = weeksAhead([], at, 3).flat();
      t.is(new Date(days[0]?.date ?? '').getUTCDay(), 1);
      t.true(days.slice(0, 7).some(({ date }) => date === new Date(at).toISOString().slice(0, 10)));
      t.true(
        days.every(
          ({ date }, index) => index === 0 || Date.parse(date) - Date.parse(days[index - 1]?.date ?? '') === day,
        ),
      );
    }),
  );
});

test('a life of six days and one of a year with the same share left stand in one bar', (t) => {
  const bins = lifeBins(
    [
      leaf('a', { lifeDays: 6, leftDays: 3.1 }),
      leaf('b', { lifeDays: 365, leftDays: 185, renewsInDays: 60 }),
      leaf('c', { leftDays: -2 }),
    ],
    now,
  );
  t.is(bins.length, 21);
  t.deepEqual(bins[0], { from: undefined, automatic: 0, manual: 1 });
  t.deepEqual(
    bins.find(({ from }) => from === 0.5),
    { from: 0.5, automatic: 1, manual: 1 },
  );
});

test('a fresh certificate is in the last bar, and none is lost', (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -10, max: 95, noNaN: true }), { maxLength: 30 }), (lefts) => {
      const bins = lifeBins(
        lefts.map((leftDays, index) => leaf(`${index}`, { leftDays })),
        now,
      );
      t.is(
        bins.reduce((sum, { automatic, manual }) => sum + automatic + manual, 0),
        lefts.length,
      );
    }),
  );
  t.is(lifeBins([leaf('fresh', { leftDays: 90 })], now).at(-1)?.manual, 1);
});

test('the fullest window has as many instants as any window of its length', (t) => {
  t.deepEqual(fullest([], 10), { count: 0, from: 0 });
  t.deepEqual(fullest([0, 9, 10, 11, 30], 10), { count: 3, from: 9 });
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.integer({ min: 1, max: 50 }), (instants, windowMs) => {
      const sorted = instants.toSorted((one, other) => one - other);
      const most = Math.max(
        0,
        ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + windowMs).length),
      );
      t.is(fullest(sorted, windowMs).count, most);
    }),
  );
});

test('limits count by account, by registered domain and by the set of names, of Let’s Encrypt alone', (t) => {
  const many = Array.from({ length: 6 }, (_, index) =>
    leaf(`a${index}`, { names: [`a${index}.shop.co.uk`, 'shop.co.uk'], renewsInDays: 1 + index / 10 }),
  );
  const elsewhere = leaf('x', { renewsInDays: 1 });
  const other = {
    ...elsewhere,
    lineage: elsewhere.lineage && { ...elsewhere.lineage, acmeDirectory: 'https://acme.example/d' },
  };
  const uses = limitUses(dueAhead([...many, other], now));
  t.deepEqual(
    uses.map(({ limit: { key }, count, subject }) => [key, count, subject]),
    [
      ['orders', 2, ''],
      ['domain', 6, 'shop.co.uk'],
      ['names', 1, 'a0.shop.co.uk shop.co.uk'],
    ],
  );
  t.deepEqual(
    limitUses([]).map(({ count }) => count),
    [0, 0, 0],
  );
});

test('a registered domain is told by the Public Suffix List', (t) => {
  t.is(registeredDomain('*.API.example.co.uk'), 'example.co.uk');
  t.is(registeredDomain('a.b.example.com'), 'example.com');
  t.is(registeredDomain('someone.github.io'), 'someone.github.io');
  t.is(registeredDomain('localhost'), 'localhost');
  t.is(registeredDomain('192.0.2.1'), '192.0.2.1');
});
