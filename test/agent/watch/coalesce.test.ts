import test from 'ava';
import { coalesce } from '../../../agent/watch/coalesce.ts';

/** A clock that moves only when told: timers run in the order of their time. */
function handClock() {
  let now = 0;
  let timers: { at: number; task: () => void }[] = [];
  return {
    clock: {
      now: () => now,
      monotonic: () => now,
      after: (ms: number, task: () => void) => {
        const timer = { at: now + ms, task };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    advance: (ms: number) => {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        now = next.at;
        next.task();
      }
      now = end;
    },
  };
}

test('a burst settles once, after the quiet', (t) => {
  const { clock, advance } = handClock();
  let settled = 0;
  const changes = coalesce(clock, 100, 1000, () => settled++);
  for (let index = 0; index < 5; index++) {
    changes.trigger();
    advance(50);
  }
  t.is(settled, 0);
  advance(50);
  t.is(settled, 1);
  advance(5000);
  t.is(settled, 1);
});

test('a burst that does not end settles at the latest bound', (t) => {
  const { clock, advance } = handClock();
  let settled = 0;
  const changes = coalesce(clock, 100, 1000, () => settled++);
  for (let index = 0; index < 30; index++) {
    changes.trigger();
    advance(50);
  }
  t.is(settled, 1);
});

test('stopping cancels what is under way', (t) => {
  const { clock, advance } = handClock();
  let settled = 0;
  const changes = coalesce(clock, 100, 1000, () => settled++);
  changes.trigger();
  changes.stop();
  advance(5000);
  t.is(settled, 0);
});
