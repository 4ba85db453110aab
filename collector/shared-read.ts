import type { Clock } from './ports.ts';

interface SharedReadNeeds<T> {
  /** Grows with each change. */
  revision: () => number;
  /** What was read is shared for this long, if nothing changes. */
  forMs: number;
  clock: Clock;
  read: () => Promise<T>;
}

/**
 * Reads once for all who ask before the next change, and one at a time: who asks for something newer while a read is out waits for it, and shares
 * the next one with all who do. Readers then take one connection to the database, however many pages ask. What failed is not kept.
 */
export function sharedRead<T>({ revision, forMs, clock, read }: SharedReadNeeds<T>): () => Promise<T> {
  let last: { revision: number; readAt: number | undefined; made: Promise<T> } | undefined;
  let next: Promise<T> | undefined;
  return () => {
    if (next) return next;
    if (!last) return start();
    const isOut = last.readAt === undefined;
    if (last.revision === revision() && (isOut || clock.monotonic() - (last.readAt ?? 0) < forMs)) return last.made;
    if (!isOut) return start();
    next = last.made.then(start, start);
    return next;
  };

  function start(): Promise<T> {
    next = undefined;
    const mine: typeof last = { revision: revision(), readAt: undefined, made: read() };
    last = mine;
    mine.made.then(
      () => {
        mine.readAt = clock.monotonic();
      },
      () => {
        if (last === mine) last = undefined;
      },
    );
    return mine.made;
  }
}
