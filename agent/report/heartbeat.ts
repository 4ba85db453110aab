import type { Clock } from '../ports.ts';

export interface Heartbeat {
  /** The other side said something. */
  heard(): void;
  /** What it said was its heartbeat. */
  beaten(): void;
  /** Sets the pace once the collector named it. */
  every(ms: number): void;
  stop(): void;
}

/** Time to the welcome, whatever else is said before it. */
const firstMs = 15_000;
/** By this a beat that is waited for may be late. */
const lateMs = 1000;

/**
 * Beats when the collector does, awake for its beat already, and by the clock where that one misses two. Calls the peer silent after
 * three beats without a word: so a half-open connection shows.
 */
export function startHeartbeat(clock: Clock, on: { beat: () => void; silent: () => void }): Heartbeat {
  let pace: number | undefined;
  let heardAt = 0;
  let beatAt = 0;
  let cancel = clock.after(firstMs, on.silent);
  // One timer, that is not set anew at each word: it asks what came meanwhile.
  const watch = (paceMs: number) => {
    const now = clock.monotonic();
    const silentAt = heardAt + 3 * paceMs + lateMs;
    if (now >= silentAt) return on.silent();
    if (now >= beatAt + 2 * paceMs + lateMs) beat(now);
    const next = Math.min(silentAt, beatAt + 2 * paceMs + lateMs);
    cancel = clock.after(next - now, () => watch(paceMs));
  };
  const beat = (now: number) => {
    beatAt = now;
    on.beat();
  };
  return {
    heard: () => {
      heardAt = clock.monotonic();
    },
    // one that beats without end is not to have an answer to each
    beaten: () => {
      const now = clock.monotonic();
      if (pace !== undefined && now - beatAt >= pace / 2) beat(now);
    },
    every: (ms) => {
      pace = ms;
      heardAt = clock.monotonic();
      beatAt = heardAt;
      cancel();
      watch(ms);
    },
    stop: () => cancel(),
  };
}
