import type { Life } from '../../store/concern.ts';
import type { TargetPlace } from '../../store/targets.ts';
import { organisationOf } from '../distinguished-name.ts';
import { heardAt } from './heard.ts';
import {
  clipped,
  isNotAsked,
  lifeOf,
  order,
  type Outside,
  type OutsideFinding,
  seenText,
  severityOf,
} from './outside.ts';

interface Place extends TargetPlace {
  seenFrom: string | undefined;
  /** As heardAt has it. */
  heard: number;
}

/** A finding that is of no host by itself, for one kind of key. */
interface Differing {
  algorithm: string;
  stale: boolean;
  finding: OutsideFinding['finding'];
  life?: Life;
}

/**
 * Addresses behind one name present different certificates, or one address does to different vantages. Where one of them is younger than another of the same
 * authority, some of them were not renewed; else they may be meant to differ, as those of a CDN are, and it is only told. `targets`: of one name, as
 * each vantage sees it; one that is asked no more says nothing beside those that are. Nor does what was heard before the youngest was first seen.
 */
export function addressesDiffer(targets: readonly [Outside, ...Outside[]], now: number): Differing[] {
  const [target] = targets;
  const asked = targets.filter((one) => !isNotAsked(one, now));
  const isOld = asked.length === 0;
  const places = (isOld ? targets : asked).flatMap((one) =>
    (one.seen?.places ?? []).flatMap((place): Place[] =>
      place.served === undefined ? [] : [{ ...place, seenFrom: one.seenFrom, heard: heardAt(place, one) }],
    ),
  );
  const byAlgorithm = Map.groupBy(places, ({ algorithm }) => algorithm ?? '');
  return [...byAlgorithm].flatMap(([algorithm, all]) => {
    const youngest = all.toSorted((one, other) => order(other.notBefore, one.notBefore))[0];
    if (!youngest) return [];
    const younger = all.filter(({ served }) => served === youngest.served);
    const since = Math.min(...younger.map((place) => place.since));
    const behind = all.filter((place) => place.served !== youngest.served && place.heard >= since);
    const list = all.filter((place) => place.served === youngest.served || behind.includes(place));
    const oldest = behind.toSorted((one, other) => order(one.notBefore, other.notBefore))[0];
    if (!oldest) return [];
    const isOfSame = organisationOf(oldest.issuer ?? '') === organisationOf(youngest.issuer ?? '');
    const renewed = isOfSame && oldest.notBefore !== youngest.notBefore;
    const name = `${target.host}:${target.port}`;
    const [best, addresses] = [textOf(youngest), behind.map(textOf).join(', ')];
    return [
      {
        algorithm,
        ...lifeOf(list.toSorted((one, other) => order(one.notAfter, other.notAfter))[0] ?? oldest),
        stale: isOld || behind.every((place) => place.failure !== undefined),
        finding: {
          code: 'served-elsewhere-differs' as const,
          severity: renewed ? severityOf(oldest.notBefore ?? '', oldest.notAfter ?? '', now) : ('notice' as const),
          subject: { kind: 'endpoint' as const, id: `${name}/${algorithm}` },
          since: new Date(Math.max(...list.map(({ since }) => since))).toISOString(),
          cause: clipped(
            `The addresses of ${target.host} do not agree: ${best} presents the certificate that ends at ${youngest.notAfter}, ${addresses} another one; the first of them to end does so at ${list.map(({ notAfter }) => notAfter ?? '').sort()[0]}.`,
          ),
          evidence: Object.fromEntries(
            list.slice(0, 16).map((place) => [keyOf(place), `${place.served} until ${place.notAfter}`]),
          ),
          remedy: clipped(
            `Install the certificate and key of ${best} at ${addresses} and reload what answers there, or leave it so if they are meant to differ.`,
          ),
        },
      },
    ];
  });
}

function textOf(place: Place): string {
  return place.seenFrom === undefined ? place.address : seenText(place.address, { seenFrom: place.seenFrom });
}

function keyOf({ address, seenFrom }: Place): string {
  return `${address.slice(0, 64)}${seenFrom === undefined ? '' : ` from ${seenFrom.slice(0, 64)}`}`;
}
