import test from 'ava';
import { begunAgain, measured, shownSeconds, unmeasured } from '../../../collector/receive/clock-skew.ts';
import fc from '../../helpers/properties.ts';

/** Heartbeats of a clock that is `ahead` milliseconds ahead, each so long on its way. */
function after(ahead: number, ways: readonly number[], from = unmeasured) {
  return ways.reduce((skew, way, index) => measured(skew, index * 30_000 + ahead, index * 30_000 + way), from);
}

test('how far a clock is ahead is told by the heartbeat that came soonest of the last four, and by two at least', (t) => {
  t.is(after(180_000, [5]).seconds, undefined);
  t.is(after(180_000, [5, 9]).seconds, 180);
  t.is(after(-180_000, [5, 9]).seconds, -180);
  t.is(after(0, [9_000, 40, 12_000, 7_000]).seconds, 0, 'a slow way is no clock that is behind');
  t.is(after(0, [9_000, 8_000]).seconds, -8);
  t.is(after(5_000, [4_000, 10, 5_000]).seconds, 5, 'nor does it hide one that is ahead');
});

test('a clock that was set is shown as it is after four heartbeats, and at once in another session', (t) => {
  const wrong = after(3_600_000, [5, 5, 5, 5, 5]);
  t.is(after(0, [5, 5, 5], wrong).seconds, 3_600);
  t.is(after(0, [5, 5, 5, 5], wrong).seconds, 0);
  t.is(begunAgain(wrong).seconds, 3_600, 'nothing newer is known');
  t.is(after(0, [5, 5], begunAgain(wrong)).seconds, 0);
});

test('seconds are told below a minute and minutes from there on; between two steps nothing changes', (t) => {
  for (const [ms, seconds] of [
    [0, 0],
    [-1_999, 0],
    [2_000, 2],
    [-4_400, -4],
    [59_400, 59],
    [59_600, 60],
    [-89_000, -60],
    [91_000, 120],
    [86_400_000, 86_400],
  ] as const)
    t.is(shownSeconds(ms), seconds, String(ms));
  t.is(shownSeconds(4_600, 4), 4);
  t.is(shownSeconds(4_800, 4), 5);
  t.is(shownSeconds(1_500, 2), 2);
  t.is(shownSeconds(1_900, 0), 0);
  t.is(shownSeconds(50_000, 60), 50, 'a minute is no answer for fifty seconds');
});

test('whatever was shown before, what is shown is as near as its step, and a clock that goes on alike is no change', (t) => {
  const anyMs = fc.integer({ min: -10_000_000, max: 10_000_000 });
  fc.assert(
    fc.property(anyMs, anyMs, (first, ms) => {
      const shown = shownSeconds(ms, shownSeconds(first));
      t.true(Number.isInteger(shown));
      t.true(
        Math.abs(shown * 1000 - ms) < (shown === 0 ? 2_000 : Math.abs(shown) < 60 ? 1_000 : 45_500),
        `${shown} ${ms}`,
      );
      t.is(shownSeconds(ms, shown), shown);
    }),
  );
});
