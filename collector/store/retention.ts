import { messageOf } from '../failure.ts';
import type { Clock, Log } from '../ports.ts';
import type { Campaigns } from './campaigns.ts';
import type { Kept } from './kept.ts';
import type { Telling } from './tell.ts';

/** How much history is kept. */
export interface Retention {
  historyDays: number;
  /** Of the whole database, in megabytes (10^6 bytes); undefined: as much as there is. */
  historyMegabytes: number | undefined;
}

/** How far a pass over the history has come: a table, and the last row of it that was looked at. */
export interface ThinPlace {
  table: 'change' | 'event' | 'certificate';
  after: number;
}

export interface ThinSlice {
  /** Where the next slice goes on; undefined: the pass is over. */
  next: ThinPlace | undefined;
  removed: number;
}

/** Where a pass begins. */
export const passStart: ThinPlace = { table: 'change', after: 0 };

interface RetentionNeeds {
  /** One slice, on disk when it resolves. */
  thin: (before: number, place: ThinPlace) => Promise<Kept<ThinSlice>>;
  /** Campaigns that are over are history, too. */
  campaigns: Pick<Campaigns, 'prune'>;
  /** So is what was told long ago. */
  telling: Pick<Telling, 'prune'>;
  usedBytes: (() => Promise<number>) | undefined;
  /** As vouchedTime gives it. */
  vouched: () => number;
  clock: Clock;
  log: Log;
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** After a start agents come back, and have the disk to themselves. */
const firstMs = 60_000;
/** Between two slices: agents and pages have all of the time in between. */
const pauseMs = 20;
/** What the size may not take: a month of history. */
const leastDays = 30;

/**
 * Keeps the history within its bounds: one pass over it an hour, a slice at a time. Where the size asks for more than the age does, the oldest
 * tenth of what is left goes, pass after pass, down to a month. Returns what stops it.
 */
export function keepBounds(
  { thin, campaigns, telling, usedBytes, vouched, clock, log }: RetentionNeeds,
  retention: Retention,
): () => void {
  const { historyDays, historyMegabytes } = retention;
  let stopped = false;
  /** What lies before it is gone already. */
  let cut = 0;
  let cancel = clock.after(firstMs, start);
  return () => {
    stopped = true;
    cancel();
  };

  function start(): void {
    pass(Math.max(cut, vouched() - historyDays * dayMs)).catch((error: unknown) => {
      log.error({ detail: messageOf(error) }, 'old history could not be thinned: trying again in an hour');
      rest();
    });
  }

  async function pass(before: number): Promise<void> {
    let place: ThinPlace | undefined = passStart;
    let gone = 0;
    while (place) {
      const kept = await thin(before, place);
      if (!kept.ok) return rest();
      gone += kept.value.removed;
      place = kept.value.next;
      await othersTurn();
      if (stopped) return;
    }
    for (let isMore = true; isMore; ) {
      const kept = await campaigns.prune(before);
      if (!kept.ok) return rest();
      isMore = kept.value;
      if (isMore) await othersTurn();
      if (stopped) return;
    }
    const pruned = await telling.prune(before);
    if (!pruned.ok || stopped) return rest();
    if (gone > 0) log.info({ removed: gone, before: new Date(before).toISOString() }, 'old history was thinned');
    const used = (await usedBytes?.()) ?? 0;
    const isOver = historyMegabytes !== undefined && used > historyMegabytes * 1e6;
    const further = furtherThan(before, { now: vouched(), isOver });
    if (further !== undefined) {
      cut = further;
      return pass(further);
    }
    if (isOver) log.warn({ historyMegabytes, usedBytes: used }, 'over history_megabytes with only a month of history');
    rest();
  }

  function othersTurn(): Promise<void> {
    return new Promise((resolve) => {
      cancel = clock.after(pauseMs, resolve);
    });
  }

  function rest(): void {
    if (!stopped) cancel = clock.after(hourMs, start);
  }
}

/**
 * The time by which history is old: no later than what the database vouched for at the start, moved on by the monotonic clock. A wall clock that
 * is ahead makes nothing old; after a time without any agent history stays as much longer, until the next start. `newestAt`: when an agent was last
 * heard, asked before one is heard by the clock of now.
 */
export function vouchedTime(clock: Pick<Clock, 'now' | 'monotonic'>, newestAt: number | undefined): () => number {
  const at = clock.now();
  const vouched = Math.min(at, newestAt ?? at) - clock.monotonic();
  // Whole milliseconds: a server's whole numbers take no others.
  return () => Math.floor(Math.min(clock.now(), vouched + clock.monotonic()));
}

/** The next, later cut of a history that is still too large; undefined: it is not, or only a month of it is left. */
export function furtherThan(before: number, { now, isOver }: { now: number; isOver: boolean }): number | undefined {
  const latest = now - leastDays * dayMs;
  if (!isOver || before >= latest) return undefined;
  return Math.min(latest, before + Math.max(dayMs, Math.floor((now - before) / 10)));
}
