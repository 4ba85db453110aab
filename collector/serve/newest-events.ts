import { newestEvents } from '../store/facts.ts';
import type { Store } from '../store/store.ts';
import { eventView } from './assemble-estate.ts';
import type { EventView } from './estate.ts';

/** The newest events, read as they come. */
export interface NewestEvents {
  /** Some came. */
  concern: () => void;
  isStale: () => boolean;
  /** Those that came since, newest first. Rejects where the database cannot be read; they are read again then. */
  read: () => Promise<EventView[]>;
  /** Newest first; it is never changed. */
  all: () => EventView[];
}

export function keepNewestEvents(store: Pick<Store, 'events'>): NewestEvents {
  let events: EventView[] = [];
  let last: number | undefined;
  let stale = true;

  return {
    concern() {
      stale = true;
    },
    isStale: () => stale,
    all: () => events,
    async read() {
      if (!stale) return [];
      stale = false;
      try {
        const behind = last === undefined ? [] : await store.events(last, newestEvents);
        const isAll = last !== undefined && behind.length < newestEvents;
        const found = isAll ? behind : await store.events(undefined, newestEvents);
        last = found.at(-1)?.id ?? last;
        const fresh = found.toReversed().map(eventView);
        events = (isAll ? [...fresh, ...events] : fresh).slice(0, newestEvents);
        return fresh;
      } catch (error) {
        stale = true;
        throw error;
      }
    },
  };
}
