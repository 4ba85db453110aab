import type { Clock } from '../../../collector/ports.ts';

/** A clock that a test moves by hand. */
export interface HandClock extends Clock {
  /** Time passes on both clocks; what falls due runs in order. */
  advance(ms: number): void;
  /** The wall clock alone is set. */
  jump(ms: number): void;
  /** Timers that wait. */
  timers(): number;
}

export function handClock(start: number): HandClock {
  let offset = start;
  let elapsed = 0;
  const timers = new Set<{ due: number; task: () => void }>();
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(ms, task) {
      const timer = { due: elapsed + ms, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (!next) break;
        timers.delete(next);
        elapsed = next.due;
        next.task();
      }
      elapsed = end;
    },
    jump(ms) {
      offset += ms;
    },
    timers: () => timers.size,
  };
}
