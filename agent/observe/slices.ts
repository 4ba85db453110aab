import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../formats/steps.ts';
import type { Clock } from '../ports.ts';

/** Work in slices: between two of them everything else that waits has its turn. */
export interface Slices {
  /** Ask between two steps; where the slice is over, await `next` before the following step. */
  isOver(): boolean;
  next(): Promise<void>;
}

/** Long enough to cost nothing, short enough that with the longest single step nothing waits 20 ms. */
const sliceMs = 4;

export function slices(clock: Pick<Clock, 'monotonic'>): Slices {
  let began = clock.monotonic();
  return {
    isOver: () => clock.monotonic() - began > sliceMs,
    next: async () => {
      await setImmediate();
      began = clock.monotonic();
    },
  };
}

/** Drives `steps` to their end, and lets others have their turn wherever the slice is over. */
export async function inSlices<T>(slice: Slices, steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (slice.isOver()) await slice.next();
  }
}
