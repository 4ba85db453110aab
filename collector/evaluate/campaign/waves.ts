import type { PlannedMember } from '../../store/campaigns.ts';

/**
 * Puts members in waves. The first is a canary: the one lineage that the fewest clients are shown. Then owner after owner, whoever has the fewest
 * places first; what is nobody's comes last. Within a wave the fewest places come first.
 */
export function inWaves(members: readonly Omit<PlannedMember, 'wave'>[]): PlannedMember[] {
  const [canary, ...rest] = members.toSorted(bySize);
  if (!canary) return [];
  const owners = [...Map.groupBy(rest, ({ owner }) => owner)].sort(
    ([one, ofOne], [other, ofOther]) =>
      Number(one === undefined) - Number(other === undefined) ||
      placesIn(ofOne) - placesIn(ofOther) ||
      ofOne.length - ofOther.length ||
      compare(one ?? '', other ?? ''),
  );
  return [
    { ...canary, wave: 1 },
    ...owners.flatMap(([, owned], index) => owned.map((member) => ({ ...member, wave: index + 2 }))),
  ];
}

function bySize(one: Omit<PlannedMember, 'wave'>, other: Omit<PlannedMember, 'wave'>): number {
  return (
    one.places.length - other.places.length ||
    one.names.length - other.names.length ||
    compare(one.hostName, other.hostName) ||
    compare(one.agentId, other.agentId) ||
    compare(one.lineage, other.lineage)
  );
}

function placesIn(members: readonly Pick<PlannedMember, 'places'>[]): number {
  return members.reduce((sum, { places }) => sum + places.length, 0);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
