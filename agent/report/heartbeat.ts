import type { Clock } from '../ports.ts';

export interface Heartbeat {
  /** The other side said something. */
  heard(): void;
  /** Sets the pace once the collector named it. */
  every(ms: number): void;
  stop(): void;
}

/** Time to the welcome, whatever else is said before it. */
const firstMs = 15_000;

/** Beats at the collector's pace, and calls the peer silent after three beats without a word: so a half-open connection shows. */
export function startHeartbeat(clock: Clock, on: { beat: () => void; silent: () => void }): Heartbeat {
  let pace: number | undefined;
  let cancelBeat = () => {};
  let cancelSilence = clock.after(firstMs, on.silent);
  const beat = () => {
    on.beat();
    cancelBeat = clock.after(pace ?? firstMs, beat);
  };
  const heard = () => {
    if (pace === undefined) return;
    cancelSilence();
    cancelSilence = clock.after(pace * 3 + 1000, on.silent);
  };
  return {
    heard,
    every: (ms) => {
      pace = ms;
      cancelBeat();
      cancelBeat = clock.after(pace, beat);
      heard();
    },
    stop: () => {
      cancelBeat();
      cancelSilence();
    },
  };
}
