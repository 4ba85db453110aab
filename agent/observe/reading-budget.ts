import type { Failure } from '@certherd/protocol/failure';
import type { Clock } from '../ports.ts';

/** Asked now and then while one server's config is read: true once that takes too long. What was read until then is kept. */
export type ReadingBudget = () => boolean;

/** Far above any real config (1,000 sites take 40 ms); with what follows the reading, a hostile one takes 2 s. */
const readingMs = 1_000;

/** A budget that begins now. */
export function readingBudget(clock: Pick<Clock, 'monotonic'>): ReadingBudget {
  const until = clock.monotonic() + readingMs;
  return () => clock.monotonic() >= until;
}

/** For where nothing else waits. */
export const unlimited: ReadingBudget = () => false;

export const tooSlow: Failure = {
  reason: 'too-slow',
  detail: `reading was given up after ${readingMs / 1000} s: the config, or what it names, is too large`,
};
