import test from 'ava';
import { clockOf, endOf, isWithin } from '../../../collector/notify/hours.ts';
import { readNotify } from '../../../collector/notify/read-settings.ts';

const clock = clockOf('Europe/Berlin') ?? (() => ({ day: NaN, minute: NaN }));

test('hours are those of their zone, over midnight, by the day on which they begin, and through a change of clocks', (t) => {
  const berlin = { from: 22 * 60, until: 7 * 60, days: [5], clock };
  t.true(isWithin(berlin, Date.parse('2026-11-27T21:00:00Z')), 'Friday, 22:00');
  t.false(isWithin(berlin, Date.parse('2026-11-27T20:59:00Z')));
  t.true(isWithin(berlin, Date.parse('2026-11-28T05:59:00Z')), 'Saturday morning is Friday night');
  t.false(isWithin(berlin, Date.parse('2026-11-28T06:00:00Z')));
  t.false(isWithin(berlin, Date.parse('2026-11-28T21:30:00Z')), 'Saturday night');
  const sunday = { from: 60, until: 5 * 60, days: undefined, clock };
  t.is(endOf(sunday, Date.parse('2026-10-25T00:30:00Z')), Date.parse('2026-10-25T04:00:00Z'), 'clocks go back');
  t.is(endOf(sunday, Date.parse('2026-03-29T00:30:00Z')), Date.parse('2026-03-29T03:00:00Z'), 'and forth');
});

test.serial('to ask for the time of a zone makes nothing that the settings have not kept', (t) => {
  const channel = [{ name: 'ops', kind: 'webhook', url: 'https://ops.example/' }];
  const quiet = { hours: '22:00-07:00', zone: 'America/St_Johns' };
  const settings = readNotify({ channel, rule: [{ name: 'all', to: ['ops'], quiet }] }, (place, what) =>
    t.fail(`${place.join('.')}: ${what}`),
  );
  const hours = settings.rules[0]?.quiet ?? t.fail();
  const { DateTimeFormat } = Intl;
  t.teardown(() => {
    Intl.DateTimeFormat = DateTimeFormat;
  });
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, { construct: () => t.fail('another one is made') });
  const night = Date.parse('2026-11-28T01:30:00Z');
  t.true(isWithin(hours, night));
  t.is(endOf(hours, night), Date.parse('2026-11-28T10:30:00Z'));
});
