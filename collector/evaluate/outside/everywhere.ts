import { provedAt } from './heard.ts';
import { type HostProof, isNotAsked, type Outside } from './outside.ts';

/**
 * Since when whoever connects is presented what a host proves: at every address at which one of its name's targets shows that kind of key, from every vantage. undefined: somewhere
 * it is another one, is not known, or nobody looks. `targets` are those of the name, `now` in milliseconds since 1970, as the answer. Pure.
 */
export function everywhereSince(proof: HostProof, targets: readonly Outside[], now: number): number | undefined {
  const looks = targets.map((target) => ({
    target,
    places: (target.seen?.places ?? []).filter(({ algorithm = proof.algorithm }) => algorithm === proof.algorithm),
  }));
  const places = looks.flatMap((look) => look.places);
  const isKnown = ({ seen, ...target }: Outside) =>
    seen && !seen.failure && !seen.notTold && seen.leftOut === 0 && !isNotAsked(target, now);
  const isSame = places.every(({ served, failure }) => served === proof.served && !failure);
  // One that shows another kind of key alone says nothing of this one.
  const asked = looks.filter((look) => look.places.length > 0 || !look.target.seen?.places.length);
  if (places.length === 0 || !isSame || !asked.every(({ target }) => isKnown(target))) return undefined;
  return Math.max(provedAt(proof), ...places.map(({ since }) => since));
}
