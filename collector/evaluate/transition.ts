import type { Concern } from './concerns.ts';

/** A stored change of one concern's status: the row is there before anybody is told. */
export interface Transition {
  key: string;
  /** Counts the transitions of this key, from 1. */
  ordinal: number;
  kind: 'opened' | 'changed' | 'resolved';
  /** When the collector saw it: milliseconds since 1970. */
  at: number;
  /** When it was last opened. */
  openedAt: number;
  concern: Concern;
}

/** What is to be written down; `after` is the ordinal of the transition that stands, undefined: none may stand. */
export type TransitionDraft = Omit<Transition, 'ordinal'> & { after: number | undefined };

/**
 * What changed between the last transition of each key and the concerns as they are now: pure, so that a restart, or another collector that
 * takes over, finds the same. Only what is new, over, or of another severity is a change: causes say how much time is left, and change all the time.
 */
export function transitionsBetween(
  standing: readonly Transition[],
  concerns: readonly Concern[],
  now: number,
): TransitionDraft[] {
  const before = new Map(standing.map((one) => [one.key, one]));
  const drafts: TransitionDraft[] = [];
  const seen = new Set<string>();
  for (const concern of concerns) {
    const { key } = concern;
    if (seen.has(key)) continue;
    seen.add(key);
    const was = before.get(key);
    if (!was) drafts.push({ key, kind: 'opened', at: now, openedAt: now, concern, after: undefined });
    else if (was.concern.severity !== concern.severity)
      drafts.push({
        key,
        kind: 'changed',
        at: now,
        openedAt: was.openedAt,
        after: was.ordinal,
        concern: asOpened(concern, was),
      });
  }
  for (const { key, openedAt, concern, ordinal } of standing)
    if (!seen.has(key)) drafts.push({ key, kind: 'resolved', at: now, openedAt, concern, after: ordinal });
  return drafts;
}

/** A concern as it is now, with what it was told as: words of a remedy may change while the cause stays. */
export function asOpened(concern: Concern, { concern: { causeId } }: Transition): Concern {
  return { ...concern, causeId };
}
