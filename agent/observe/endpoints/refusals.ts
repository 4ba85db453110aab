import type { Offered } from './answer.ts';
import { placeOf } from './place.ts';
import { type AlgorithmOf, configuredFor } from './rows.ts';
import type { EndpointTarget } from './targets.ts';

/** Kinds of leaf that nothing is configured for, and that nginx said it has none of, where it was asked for one. */
export interface KnownRefusals {
  /** When the first of them was asked for, on the monotonic clock, milliseconds. */
  at: number;
  /** Of what ran and was configured then (carried.ts): nginx loads another certificate by starting other workers. */
  generation: string;
  refused: ReadonlySet<string>;
}

/** Then every kind is asked for anew, at the latest: a module of nginx may choose certificates by itself. */
const standMs = 3_600_000;

export interface Refusals {
  /** Need this target not be asked for such a leaf again? */
  isKnown(target: EndpointTarget, algorithm: Offered): boolean;
  /** What to know in the next look; undefined where nothing could be told of what runs. */
  after(refused: readonly { target: EndpointTarget; algorithm: Offered }[]): KnownRefusals | undefined;
}

/**
 * Every endpoint is asked for ECDSA and RSA, as the other kind may still be served; mostly it is not. That answer stands while the same
 * workers run, so that on a quiet host a look makes one handshake for each endpoint and not two. `now` is monotonic.
 */
export function standingRefusals(
  before: KnownRefusals | undefined,
  generation: string | undefined,
  algorithmOf: AlgorithmOf,
  now: number,
): Refusals {
  const stands = before !== undefined && before.generation === generation && now - before.at < standMs;
  const known = stands ? before.refused : new Set<string>();
  const mayStand = (target: EndpointTarget, algorithm: Offered) =>
    target.deployments.every(({ server, configured }) => server === 'nginx' && configured !== undefined) &&
    configuredFor(target, algorithm, algorithmOf) === undefined;
  return {
    isKnown: (target, algorithm) => known.has(keyOf(target, algorithm)) && mayStand(target, algorithm),
    after: (refused) => {
      const more = refused
        .filter(({ target, algorithm }) => mayStand(target, algorithm))
        .map(({ target, algorithm }) => keyOf(target, algorithm));
      if (generation === undefined) return undefined;
      return { at: stands ? before.at : now, generation, refused: new Set([...known, ...more]) };
    },
  };
}

function keyOf(target: EndpointTarget, algorithm: Offered): string {
  return `${target.askedName} ${placeOf(target)} ${algorithm}`;
}
