import type { ConcernedEndpoint } from './concerns.ts';
import type { ConcernCode } from './explanations.ts';

/** A certificate that a host serves, and that should have been renewed by now. */
export interface Countdown {
  code: Extract<ConcernCode, 'renewal-missed'>;
  severity: 'warning' | 'critical';
  fingerprint: string;
  /** Those of one host that serve it. */
  endpoints: readonly [ConcernedEndpoint, ...ConcernedEndpoint[]];
  since: string;
  cause: string;
}

const dayMs = 86_400_000;
/** Where certbot and the agent renew without word from a CA: at a third of the life, at half of one under ten days. */
const shortMs = 10 * dayMs;
/** A twelfth of the life later a renewal that was expected did not come. */
const missedAfter = 1 / 12;
/** What no lineage renews is a person's work: it is pressing when this much of its life is left. */
const pressingLeft = 1 / 6;

/**
 * One for each certificate of one host's endpoints that is still served though its renewal was expected, from the certificate's own life and
 * now alone: a host that is silent, or is only seen from outside, counts down too. What is over is not here: that is `expired`.
 */
export function countdowns(endpoints: readonly ConcernedEndpoint[], now: number): Countdown[] {
  const served = Map.groupBy(endpoints, ({ served: fingerprint }) => fingerprint);
  return [...served].flatMap(([fingerprint, [first, ...others]]) => {
    if (fingerprint === undefined || !first?.servedNotBefore || !first.servedNotAfter) return [];
    const begins = Date.parse(first.servedNotBefore);
    const ends = Date.parse(first.servedNotAfter);
    const missed = missedAt(
      begins,
      ends,
      [first, ...others].some(({ issued }) => issued !== undefined),
    );
    if (now < missed || now > ends) return [];
    const left = (ends - now) / (ends - begins);
    return [
      {
        code: 'renewal-missed',
        severity: left < pressingLeft ? 'critical' : 'warning',
        fingerprint,
        endpoints: [first, ...others],
        since: new Date(missed).toISOString(),
        cause: `A renewal was expected by ${new Date(missed).toISOString()}, and what is served is still the certificate that ends ${first.servedNotAfter}.`,
      } satisfies Countdown,
    ];
  });
}

/** Before this none of these counts down, as long as they stay the same: milliseconds since 1970. */
export function countdownsFrom(
  endpoints: readonly Pick<ConcernedEndpoint, 'served' | 'issued' | 'servedNotBefore' | 'servedNotAfter'>[],
): number {
  const served = Map.groupBy(endpoints, ({ served: fingerprint }) => fingerprint);
  return [...served].reduce((first, [fingerprint, same]) => {
    const [{ servedNotBefore, servedNotAfter } = {}] = same;
    if (fingerprint === undefined || !servedNotBefore || !servedNotAfter) return first;
    const renewed = same.some(({ issued }) => issued !== undefined);
    return Math.min(first, missedAt(Date.parse(servedNotBefore), Date.parse(servedNotAfter), renewed));
  }, Infinity);
}

/** By when a newer one should have been served. `renewed`: a lineage holds it. */
function missedAt(begins: number, ends: number, renewed: boolean): number {
  const life = ends - begins;
  const due = renewed ? (life < shortMs ? 1 / 2 : 2 / 3) + missedAfter : 1 - pressingLeft;
  return begins + life * due;
}
