import type { Concern } from '../store/concern.ts';
import type { Transition, TransitionDraft } from '../store/tell.ts';

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
