/** How far an agent's clock is ahead of the collector's. */
export interface ClockSkew {
  /** Of the last heartbeats of this session: milliseconds. */
  readonly offsets: readonly number[];
  /** As shown: see `shownSeconds`. undefined: not measured yet. */
  readonly seconds: number | undefined;
}

export const unmeasured: ClockSkew = { offsets: [], seconds: undefined };

/** One of them may have waited in a buffer. */
const fewest = 2;
const most = 4;
/** A clock that is nearer than this is right. */
const rightMs = 2_000;

/**
 * With one more heartbeat: the instant that it names, by the agent's clock, less the one at which it arrived, by the collector's, in milliseconds.
 * Its way and its waiting only make that smaller, so the largest of the last four counts. What is measured is too small by the shortest of these
 * ways: mostly milliseconds, and never more than the agent's queue. A clock that was set is shown as it is four heartbeats later at most.
 */
export function measured({ offsets, seconds }: ClockSkew, saidAt: number, arrivedAt: number): ClockSkew {
  const last = [...offsets.slice(1 - most), saidAt - arrivedAt];
  return { offsets: last, seconds: last.length < fewest ? seconds : shownSeconds(Math.max(...last), seconds) };
}

/** Another session: what was measured in the one before is shown until there is something newer. */
export function begunAgain({ seconds }: ClockSkew): ClockSkew {
  return { offsets: [], seconds };
}

/**
 * Whole seconds below a minute, whole minutes from there on, negative where the agent's clock is behind, 0 below two seconds. `before` stays while it is
 * less than three quarters of such a step away, so that a clock between two steps is no change with each heartbeat.
 */
export function shownSeconds(ms: number, before?: number): number {
  const after = rounded(ms);
  if (before === undefined || (before === 0 && after !== 0)) return after;
  const slack = 750 * Math.min(stepOf(before), stepOf(after));
  return Math.abs(ms - before * 1000) < slack ? before : after;
}

function rounded(ms: number): number {
  if (Math.abs(ms) < rightMs) return 0;
  const seconds = Math.round(Math.abs(ms) / 1000);
  const step = stepOf(seconds);
  return Math.sign(ms) * Math.round(seconds / step) * step;
}

/** Seconds. */
function stepOf(seconds: number): number {
  return Math.abs(seconds) < 60 ? 1 : 60;
}
