import type { EventView } from '../serve/estate.ts';
import { matches } from './estate-view.ts';

/** Which events are wanted; '' is any. */
export interface WantedEvents {
  readonly kind: string;
  readonly outcome: '' | 'good' | 'bad';
  /** Words that have to be in it. */
  readonly search: string;
}

/** Is an event of this kind and outcome, and does it hold these words? */
export function fitsEvent(
  { hostName, kind, subject, summary, ok }: EventView,
  { kind: wanted, outcome, search }: WantedEvents,
): boolean {
  return (
    (wanted === '' || kind === wanted) &&
    (outcome === '' || ok === (outcome === 'good')) &&
    matches(search, [hostName, kind, subject.id, summary])
  );
}

/** They arrive in another order than they happen. */
export function newestFirst(events: readonly EventView[]): EventView[] {
  return events.toSorted((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}
