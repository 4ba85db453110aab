import type { EndpointStay, Stay } from '../store/facts.ts';
import type { TargetStay } from '../store/targets.ts';
import type { EndpointStayView, StayView, TargetStayView } from './api/views.ts';

/** A certificate's stay at an endpoint as it is shown. */
export function stayView({ from, until, ...stay }: Stay): StayView {
  return { ...stay, ...between(from, until) };
}

/** The same as an endpoint has it. */
export function endpointStayView({ from, until, ...stay }: EndpointStay): EndpointStayView {
  return { ...stay, ...between(from, until) };
}

/** A leaf's stay at an address that is asked from outside. */
export function targetStayView({ from, until, ...stay }: TargetStay): TargetStayView {
  return { ...stay, ...between(from, until) };
}

function between(from: number, until: number | undefined): { from: string; until?: string } {
  return {
    from: new Date(from).toISOString(),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
  };
}
