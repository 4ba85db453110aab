import type { Clock } from '../ports.ts';

/** Turns bursts of triggers into single ones. */
export interface Coalesced {
  trigger(): void;
  stop(): void;
}

/** Calls `settled` once no trigger came for `quietMs`, and at the latest `mostMs` after the first one of a burst. */
export function coalesce(clock: Clock, quietMs: number, mostMs: number, settled: () => void): Coalesced {
  let firstAt: number | undefined;
  let cancel = () => {};
  const fire = () => {
    firstAt = undefined;
    settled();
  };
  return {
    trigger: () => {
      const now = clock.monotonic();
      firstAt ??= now;
      cancel();
      cancel = clock.after(Math.min(quietMs, Math.max(0, firstAt + mostMs - now)), fire);
    },
    stop: () => cancel(),
  };
}
