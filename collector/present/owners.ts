import { type Leaf, standingOf } from './leaves.ts';

export interface OwnerRow {
  /** Raw; "" is nobody. */
  readonly owner: string;
  readonly team: string;
  readonly certificates: number;
  readonly ended: number;
  readonly ending: number;
  readonly automatic: number;
}

/** One row for each owner, who has most to do first. */
export function ownerRows(leaves: readonly Leaf[], now: number): OwnerRow[] {
  const groups = Map.groupBy(leaves, ({ labels }) => JSON.stringify([labels['owner'] ?? '', labels['team'] ?? '']));
  return [...groups.values()]
    .map((members): OwnerRow => {
      const labels = members[0]?.labels ?? {};
      return {
        owner: labels['owner'] ?? '',
        team: labels['team'] ?? '',
        certificates: members.length,
        ...standingOf(members, now),
        automatic: members.filter(({ keeper }) => keeper === 'automatic').length,
      };
    })
    .sort(
      (one, other) =>
        other.ended - one.ended ||
        other.ending - one.ending ||
        other.certificates - one.certificates ||
        (one.owner < other.owner ? -1 : 1),
    );
}
