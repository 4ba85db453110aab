import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Shown } from '../decide/restoration.ts';
import { eachAtMost } from '../observe/each-at-most.ts';
import { asking } from '../observe/endpoints/answer.ts';
import { agreeing, concurrency } from '../observe/endpoints/observe-endpoints.ts';
import { addressAndPort, placeOf } from '../observe/endpoints/place.ts';
import { offeredTo } from '../observe/endpoints/rows.ts';
import { endpointTargets } from '../observe/endpoints/targets.ts';
import type { Clock, Dialer } from '../ports.ts';

/** A look before a reload may not hold it up: what was not asked by then was not seen. */
const longestMs = 10_000;

/**
 * What clients get at each name and listener of these deployments now, for each kind of key: a certificate of another kind than
 * the configured one may be what is served. With `rounds` they are asked so often, as processes of before and after may take turns.
 * Only `places` are asked where they are given; one that there was no time for is left out.
 */
export async function observeShown(
  { clock, dial }: { clock: Clock; dial: Dialer },
  deployments: readonly Deployment[],
  algorithmOf: (fingerprint: string) => SignatureAlgorithm | undefined,
  { probeTimeoutMs, rounds = 1, places }: { probeTimeoutMs: number; rounds?: number; places?: ReadonlySet<string> },
): Promise<Shown[]> {
  const untilMs = clock.monotonic() + longestMs;
  const questions = asking({ clock, dial, random: () => 0.5 }, { timeoutMs: probeTimeoutMs, untilMs });
  const { targets } = endpointTargets(deployments);
  const all = targets.map((target) => {
    const lineages = target.deployments.flatMap(({ lineage, configured }) =>
      lineage !== undefined && configured !== undefined ? [[lineage, configured] as const] : [],
    );
    return { target, shown: { place: placeOf(target), lineages: new Map(lineages), leaves: new Set<string>() } };
  });
  const wanted = all.filter(({ shown }) => shown.lineages.size > 0 && (places?.has(shown.place) ?? true));
  const untold = new Set<string>();
  const asked = wanted.flatMap((one) => offeredTo(one.target, algorithmOf).map((algorithm) => ({ ...one, algorithm })));
  for (let round = 0; round < rounds; round++) {
    await eachAtMost(
      concurrency,
      asked,
      ({ target }) => addressAndPort(target.listener),
      async ({ target, algorithm, shown }) => {
        if (clock.monotonic() >= untilMs) return void untold.add(shown.place);
        const [address = ''] = target.addresses;
        const answer = await questions.ask({ target, algorithm, address });
        const leaf = answer.ok ? answer.value.certificates[0]?.fingerprint : undefined;
        if (leaf !== undefined) shown.leaves.add(leaf);
      },
    );
  }
  return wanted.map(({ shown }) => shown).filter(({ place }) => !untold.has(place));
}

/** Several answers in a row, as a proof takes them. */
export const shownSeveralTimes = { rounds: agreeing } as const;
