import type { Clock } from '../ports.ts';

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (ms, task) => {
      // A timer holds 2^31-1 ms at most, and waking more often than that harms nobody.
      const timer = setTimeout(task, Math.min(Math.max(0, ms), 2_000_000_000));
      return () => clearTimeout(timer);
    },
  };
}
