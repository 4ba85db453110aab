import test from 'ava';
import { endOf, isWithin } from '../../../collector/notify/hours.ts';

test('hours are those of their zone, over midnight, by the day on which they begin, and through a change of clocks', (t) => {
  const berlin = { from: 22 * 60, until: 7 * 60, days: [5], zone: 'Europe/Berlin' };
  t.true(isWithin(berlin, Date.parse('2026-11-27T21:00:00Z')), 'Friday, 22:00');
  t.false(isWithin(berlin, Date.parse('2026-11-27T20:59:00Z')));
  t.true(isWithin(berlin, Date.parse('2026-11-28T05:59:00Z')), 'Saturday morning is Friday night');
  t.false(isWithin(berlin, Date.parse('2026-11-28T06:00:00Z')));
  t.false(isWithin(berlin, Date.parse('2026-11-28T21:30:00Z')), 'Saturday night');
  const sunday = { from: 60, until: 5 * 60, days: undefined, zone: 'Europe/Berlin' };
  t.is(endOf(sunday, Date.parse('2026-10-25T00:30:00Z')), Date.parse('2026-10-25T04:00:00Z'), 'clocks go back');
  t.is(endOf(sunday, Date.parse('2026-03-29T00:30:00Z')), Date.parse('2026-03-29T03:00:00Z'), 'and forth');
});
