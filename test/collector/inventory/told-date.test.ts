import test from 'ava';
import { toldDate } from '../../../collector/inventory/told-date.ts';

test('a day is told in the ways that people and openssl write it', (t) => {
  for (const text of [
    '2026-12-31',
    '2026-12-31T23:59:59Z',
    '2026-12-31 10:00',
    '31.12.2026',
    '31/12/2026',
    '12/31/2026',
    '31 Dec 2026',
    'Dec 31 2026',
    'December 31, 2026',
    'Dec 31 23:59:59 2026 GMT',
  ])
    t.is(toldDate(text), '2026-12-31', text);
  t.is(toldDate('Jan  5 00:00:00 2027 GMT'), '2027-01-05');
  t.is(toldDate('5/5/2027'), '2027-05-05');
});

test('a day that may be another one, or that is none, is not told', (t) => {
  for (const text of ['05/06/2027', '2026-02-30', '31.02.2026', '13/13/2026', 'soon', '', '31 Foo 2026'])
    t.is(toldDate(text), undefined, text);
});
