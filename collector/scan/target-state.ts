import type { TargetChange, TargetPlace, TargetState } from '../store/targets.ts';
import type { SeenAnswer, SeenTarget } from './seen.ts';

/**
 * What is known of a target now, from what was known and what was seen (`at`: milliseconds since 1970). An address that shows nothing this
 * time keeps what it showed before, with the failure beside it: that it is silent says nothing about its certificate. One that the name does not lead to any more goes.
 */
export function nextState(
  before: TargetState | undefined,
  seen: SeenTarget,
  at: number,
): { state: TargetState; changed: TargetChange[] } {
  const known = before?.places ?? [];
  // that nobody tells the addresses does not mean that there are none
  if (seen.failure?.reason === 'not-resolved' && before)
    return { state: { ...before, failure: seen.failure }, changed: [] };
  const places = seen.places.flatMap((place): TargetPlace[] => {
    const there = known.filter(({ address }) => address === place.address);
    const { failure } = place;
    if (!failure) return place.answers.map((answer) => placeOf(place.address, answer, there, at));
    const since = there.find((one) => one.failure)?.failure?.since ?? at;
    const silent = there.length > 0 ? there : [{ address: place.address, chain: [], since: at }];
    return silent.map((one) => ({ ...one, failure: { ...failure, since } }));
  });
  const state = { places, leftOut: seen.leftOut, ...(seen.failure && { failure: seen.failure }) };
  return { state, changed: changesOf(known, places) };
}

function placeOf(address: string, answer: SeenAnswer, known: readonly TargetPlace[], at: number): TargetPlace {
  const [leaf, ...chain] = answer.certificates;
  const served = leaf?.fingerprint;
  const before = known.find((one) => one.algorithm === answer.algorithm);
  return {
    address,
    algorithm: answer.algorithm,
    ...(leaf && {
      served: leaf.fingerprint,
      subject: clipped(leaf.subject),
      issuer: clipped(leaf.issuer),
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    }),
    chain: chain.map(({ fingerprint }) => fingerprint),
    tlsVersion: answer.tlsVersion,
    nameMatches: answer.nameMatches,
    trusted: answer.trusted,
    ...(answer.chainProblem !== undefined && { chainProblem: answer.chainProblem }),
    since: before?.served === served ? (before?.since ?? at) : at,
  };
}

function changesOf(before: readonly TargetPlace[], after: readonly TargetPlace[]): TargetChange[] {
  const keyOf = ({ address, algorithm }: TargetPlace) => `${address} ${algorithm}`;
  const was = new Map(before.map((place) => [keyOf(place), place]));
  const is = new Map(after.map((place) => [keyOf(place), place]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): TargetChange[] => {
    const [old, now] = [was.get(key), is.get(key)];
    const { address, algorithm } = now ?? old ?? {};
    if (address === undefined || algorithm === undefined || old?.served === now?.served) return [];
    return [{ address, algorithm, served: now?.served }];
  });
}

/** Names are as long as their makers like; what is shown and compared is in their first part. */
function clipped(text: string): string {
  return text.slice(0, 1000);
}
