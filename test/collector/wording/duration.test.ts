import test from 'ava';
import fc from '../../helpers/properties.ts';
import { absolute, ago, clockWords, timeLeft, took } from '../../../collector/wording/duration.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test('what is past is told in one unit, cut and not rounded', (t) => {
  t.is(ago(0), 'now');
  t.is(ago(999), 'now');
  t.is(ago(4200), '4 s ago');
  t.is(ago(119_999), '1 min ago');
  t.is(ago(47 * hour), '47 h ago');
  t.is(ago(49 * hour), '2 d ago');
  t.is(ago(800 * day), '2 y ago');
});

test('what lies ahead is not past', (t) => {
  t.is(ago(-4000), 'in 4 s');
  t.is(ago(-2 * day), 'in 2 d');
});

test('a clock is right, or ahead or behind in one unit', (t) => {
  t.deepEqual([undefined, 0, 2, -59, 180, -7_200].map(clockWords), [
    'not measured',
    'right',
    '2 s ahead',
    '59 s behind',
    '3 min ahead',
    '2 h behind',
  ]);
});

test('time left is told in two units', (t) => {
  t.is(timeLeft(59_000), '59 s left');
  t.is(timeLeft(2 * minute + 5000), '2 min 5 s left');
  t.is(timeLeft(2 * minute), '2 min left');
  t.is(timeLeft(47 * hour + 3 * minute), '47 h 3 min left');
  t.is(timeLeft(61 * day + 4 * hour), '61 d 4 h left');
  t.is(timeLeft(118 * day + 5 * hour), '118 d left');
  t.is(timeLeft(3650 * day), '10 y left');
});

test('time that is over says so', (t) => {
  t.is(timeLeft(0), 'ended 1 s ago');
  t.is(timeLeft(-3 * hour), 'ended 3 h ago');
});

test('a duration has a unit that fits it', (t) => {
  t.is(took(0.4), '0 ms');
  t.is(took(83), '83 ms');
  t.is(took(2400), '2.4 s');
  t.is(took(200_000), '3 min 20 s');
});

test('an instant is written in UTC', (t) => {
  t.is(absolute('2026-11-23T21:43:35.123Z'), '2026-11-23 21:43:35 UTC');
});

test('no duration is ever worded with a fraction, a NaN or a minus', (t) => {
  fc.assert(
    fc.property(fc.double({ min: -1e14, max: 1e14, noNaN: true }), (ms) =>
      [ago(ms), timeLeft(ms)].every((words) => !/NaN|[-.]|undefined/.test(words)),
    ),
  );
  t.pass();
});
