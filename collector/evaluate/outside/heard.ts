import type { TargetPlace } from '../../store/targets.ts';
import type { HostProof, Outside } from './outside.ts';

/**
 * Up to when it is known what a place presents, milliseconds since 1970: what came to be elsewhere after that says nothing against it. One that is silent was heard in a look
 * before it fell silent.
 */
export function heardAt({ failure }: TargetPlace, { seen, askedAt = -Infinity, everyMs }: Outside): number {
  const silent = [failure?.since, seen?.failure?.since].flatMap((since) => (since === undefined ? [] : since));
  return Math.min(askedAt, ...silent.map((since) => since - everyMs));
}

/** Since when a host has proved it, milliseconds since 1970; -Infinity: nobody knows. What is kept from before instants were checked may be none. */
export function provedAt({ servedSince, notBefore }: HostProof): number {
  return Date.parse(servedSince ?? notBefore) || -Infinity;
}

/** Does a host prove a younger certificate in this one's place, since an instant after this (milliseconds since 1970)? */
export function isOvertaken(
  { served, algorithm, notBefore = '' }: TargetPlace,
  proof: HostProof,
  heard: number,
): boolean {
  const isYounger = algorithm === proof.algorithm && served !== proof.served && notBefore < proof.notBefore;
  return isYounger && provedAt(proof) > heard;
}

/** When a host came to prove, up to `now`, what overtook the last look at a target: that is asked again at once. undefined: nothing did. */
export function overtakenAt(target: Outside, proofs: readonly HostProof[], now: number): number | undefined {
  const { seen, askedAt = -Infinity } = target;
  const since = proofs
    .filter((proof) => provedAt(proof) <= now)
    .filter((proof) => (seen?.places ?? []).some((place) => isOvertaken(place, proof, askedAt)))
    .map(provedAt);
  return since.length > 0 ? Math.max(...since) : undefined;
}
