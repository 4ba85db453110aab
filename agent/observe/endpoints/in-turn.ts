import type { ObservedEndpoint } from '../observations.ts';
import { addressAndPort, placeOf } from './place.ts';
import type { EndpointTarget } from './targets.ts';

/** A target whose last answer nothing seen since speaks against, and its rows. */
export interface Standing {
  target: EndpointTarget;
  rows: ObservedEndpoint[];
}

/** When and where each target was asked last, by its place; `at` on the monotonic clock, milliseconds. */
export type AskedAt = ReadonlyMap<string, { at: number; addresses: readonly string[] }>;

/**
 * Of the endpoints at one address and port a look asks a half. A host's facts count as knowledge for three of its look intervals
 * (collector/evaluate/freshness.ts), and the oldest answer is never older than two.
 */
const share = 2;
/** Where looks are so far apart that an answer would stand for longer, each asks all. */
const standsMs = 3_600_000;

/**
 * Of the targets whose answers stand, those that a look is to ask all the same: half of them, those first that were asked longest
 * ago, and at every address and port at least one, since what takes the place of a server mostly takes all its names.
 */
export function inTurn(standing: readonly Standing[], askedAt: AskedAt, rescanMs: number): Standing[] {
  if (share * rescanMs > standsMs) return [...standing];
  const byAge = standing.toSorted((one, other) => agedAt(one, askedAt) - agedAt(other, askedAt));
  const all = countOf(byAge.flatMap(({ target }) => placesOf(target)));
  const asked = new Map<string, number>();
  return byAge.filter(({ target }) => {
    const places = placesOf(target);
    const isWanted = places.some((place) => (asked.get(place) ?? 0) < Math.ceil((all.get(place) ?? 0) / share));
    if (isWanted) for (const place of places) asked.set(place, (asked.get(place) ?? 0) + 1);
    return isWanted;
  });
}

function countOf(places: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return counts;
}

/** The place of a target, by which it is known when it was asked. */
export function keyOf({ serverName, listener }: Pick<EndpointTarget, 'serverName' | 'listener'>): string {
  return placeOf({ serverName, listener });
}

function agedAt({ target }: Standing, askedAt: AskedAt): number {
  return askedAt.get(keyOf(target))?.at ?? Number.NEGATIVE_INFINITY;
}

function placesOf({ addresses, listener: { port } }: EndpointTarget): string[] {
  return addresses.map((address) => addressAndPort({ address, port }));
}
