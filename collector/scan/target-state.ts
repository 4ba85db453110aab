import { isIP } from 'node:net';
import type { TargetChange, TargetFailure, TargetPlace, TargetState } from '../store/targets.ts';
import type { SeenAnswer, SeenPlace, SeenTarget } from './seen.ts';

/**
 * What is known of a target now, from what was known and what was seen (`at`: milliseconds since 1970). What shows nothing this time, or of which
 * nobody tells, keeps what it showed before, with the failure beside it: that it is silent says nothing about its certificate. An address that the name
 * does not lead to any more goes; that it leads to none at all is believed the second time.
 */
export function nextState(
  before: TargetState | undefined,
  seen: SeenTarget,
  at: number,
): { state: TargetState; changed: TargetChange[] } {
  const known = before?.places ?? [];
  const failure = seen.failure && { ...seen.failure, since: before?.failure?.since ?? at };
  if (before && failure && (failure.reason !== 'no-address' || before.failure?.reason !== 'no-address'))
    return { state: { ...before, failure }, changed: [] };
  const places = [
    ...seen.places.flatMap((place) => placesOf(place, known, at)),
    ...notTold(seen, known).map((one) =>
      silent(one, { reason: 'not-resolved', detail: seen.notTold?.detail ?? '' }, at),
    ),
  ];
  const state = {
    places,
    leftOut: seen.leftOut,
    ...(seen.notTold && { notTold: seen.notTold }),
    ...(failure && { failure }),
  };
  return { state, changed: changesOf(known, places) };
}

function placesOf(
  { address, answers, notAnswered = [], failure }: SeenPlace,
  known: readonly TargetPlace[],
  at: number,
) {
  const there = known.filter((one) => one.address === address);
  if (failure) {
    const kept = there.length > 0 ? there : [{ address, chain: [], since: at }];
    return kept.map((one) => silent(one, failure, at));
  }
  return [
    ...answers.map((answer) => placeOf(address, answer, there, at)),
    ...notAnswered.flatMap(({ algorithm, failure }) =>
      there.filter((one) => one.algorithm === algorithm).map((one) => silent(one, failure, at)),
    ),
  ];
}

/** Known addresses of the family of which nobody told. */
function notTold({ notTold }: SeenTarget, known: readonly TargetPlace[]): TargetPlace[] {
  return known.filter(({ address }) => notTold && isIP(address) === (notTold.family === 'ipv6' ? 6 : 4));
}

function silent(place: TargetPlace, failure: TargetFailure, at: number): TargetPlace {
  return { ...place, failure: { ...failure, since: place.failure?.since ?? at } };
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
      serialNumber: clipped(leaf.serialNumber),
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    }),
    chain: chain.map(({ fingerprint }) => fingerprint),
    tlsVersion: answer.tlsVersion,
    nameMatches: answer.nameMatches,
    trusted: answer.trusted,
    ...(answer.chainProblem !== undefined && { chainProblem: answer.chainProblem }),
    ...(answer.staple && { staple: { ...answer.staple, since: stapledSince(answer.staple, before, at) } }),
    ...(answer.mustStaple && { mustStaple: true }),
    since: before?.served === served ? (before?.since ?? at) : at,
  };
}

/** Since when the staple says the same: a fresh answer that is good again is no change. */
function stapledSince(
  { state }: NonNullable<SeenAnswer['staple']>,
  before: TargetPlace | undefined,
  at: number,
): number {
  return before?.staple?.state === state ? before.staple.since : at;
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
