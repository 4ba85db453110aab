import type { Clock } from '../../collector/ports.ts';
import { systemClock } from '../../collector/system/clock.ts';

/** The machine's clocks, with a wall clock that can be set to another instant, from which it goes on. */
export interface MovedClock extends Clock {
  /** Milliseconds since 1970. */
  set: (at: number) => void;
  /** As the machine has it. */
  release: () => void;
}

export function movedClock(): MovedClock {
  let ahead = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    set(at) {
      ahead = at - systemClock.now();
    },
    release() {
      ahead = 0;
    },
  };
}
