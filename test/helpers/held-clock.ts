import type { Ports } from '../../agent/ports.ts';
import { systemClock } from '../../agent/system/clock.ts';

/** A clock on which waits of over a second end when the test lets that time pass, and not before. */
export function heldClock() {
  const real = systemClock();
  const waits = new Set<() => void>();
  let begun = 0;
  let at = real.monotonic();
  const clock: Ports['clock'] = {
    now: () => real.now(),
    monotonic: () => at,
    after: (ms, task) => {
      if (ms <= 1000) return real.after(ms, task);
      begun += 1;
      waits.add(task);
      return () => void waits.delete(task);
    },
  };
  const pass = (ms: number) => {
    at += ms;
    const due = [...waits];
    waits.clear();
    for (const task of due) task();
  };
  return { clock, pass, begun: () => begun };
}
