import { setImmediate as othersTurn } from 'node:timers/promises';
import type { EventFacts } from '../../store/facts.ts';

interface Wanted {
  /** Events behind this one; undefined: the newest. */
  after: number | undefined;
  limit: number;
  /** undefined: every event fits. */
  fits: ((event: EventFacts) => boolean) | undefined;
}

/** Looking for events that fit ends after so many that do not: the answer says where it goes on. */
const mostLookedAt = 10_000;
/** After so many others have their turn. */
const lookedAtInTurn = 250;
/** Of the newest so many are looked at. */
const newestLookedAt = 1_000;

/** Events in the order of their arrival that fit, and the `after` of the next call. */
export async function fittingEvents(
  events: (after: number | undefined, limit: number) => Promise<EventFacts[]>,
  { after, limit, fits }: Wanted,
): Promise<{ items: EventFacts[]; next: number | undefined }> {
  const items: EventFacts[] = [];
  let next = after;
  for (let looked = 0; items.length < limit && looked < mostLookedAt; ) {
    const found = await events(next, !fits ? limit : after === undefined ? newestLookedAt : lookedAtInTurn);
    for (const one of found) {
      if (items.length === limit) break;
      next = one.id;
      if (!fits || fits(one)) items.push(one);
    }
    looked += found.length;
    if (after === undefined || found.length === 0 || !fits) break;
    await othersTurn();
  }
  return { items, next };
}
