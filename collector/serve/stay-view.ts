import type { Stay } from '../store/facts.ts';
import type { StayView } from './api/views.ts';

/** A certificate's stay at an endpoint as it is shown. */
export function stayView({ from, until, ...stay }: Stay): StayView {
  return {
    ...stay,
    from: new Date(from).toISOString(),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}
