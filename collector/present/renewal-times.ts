import type { EventView } from '../serve/estate.ts';
import { percentile } from './past.ts';

/** How long renewals took, from the lock to the comparison of what came. Milliseconds. */
export interface RenewalDurations {
  readonly count: number;
  readonly failed: number;
  readonly mean: number;
  readonly half: number;
  readonly slowest: number;
}

/** Of the agents' own renewals among these events; undefined: there is none. */
export function renewalDurations(
  events: readonly Pick<EventView, 'kind' | 'ok' | 'steps'>[],
): RenewalDurations | undefined {
  const renewals = events.filter(({ kind }) => kind === 'renewal');
  const times = renewals
    .filter(({ ok }) => ok)
    .map(({ steps }) => steps.reduce((sum, { durationMs }) => sum + durationMs, 0))
    .sort((one, other) => one - other);
  if (renewals.length === 0) return undefined;
  return {
    count: times.length,
    failed: renewals.length - times.length,
    mean: times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length),
    half: percentile(times, 0.5),
    slowest: percentile(times, 1),
  };
}
