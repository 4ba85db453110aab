import type { LogState } from '../../store/transparency.ts';
import type { LogPass } from './read-log.ts';

const clippedTo = 1000;

/**
 * What is kept of a log after a pass at `now` (milliseconds since 1970): pure. It is read, and what was wrong is over, where the end of a signed tree was reached: a pass
 * that only went on towards one leaves both as they were.
 */
export function nextState(before: LogState | undefined, { state, failure }: LogPass, now: number): LogState {
  const { proved, size, towards } = state;
  const next = { proved, size, ...(towards && { towards }) };
  if (!failure && !towards) return { ...next, readAt: now };
  const { reason, detail } = failure ?? before?.failure ?? {};
  return {
    ...next,
    ...(before?.readAt !== undefined && { readAt: before.readAt }),
    behindSince: before?.behindSince ?? now,
    ...(reason !== undefined &&
      detail !== undefined && {
        failure: { reason, detail: detail.slice(0, clippedTo), since: before?.failure?.since ?? now },
      }),
  };
}
