import type { Life } from '../../store/concern.ts';
import type { TargetPlace } from '../../store/targets.ts';
import { clipped, lifeOf, order, type Outside, type OutsideFinding, seenText, severityOf } from './outside.ts';

/** A place of a target, and who saw it. */
export interface SeenFrom extends TargetPlace {
  seenFrom?: string | undefined;
}

/**
 * Addresses behind one name present different certificates, or one address does to different vantages. Where one of them is younger than another of the same
 * authority, some of them were not renewed; else they may be meant to differ, as those of a CDN are, and it is only told.
 */
export function addressesDiffer(
  places: readonly SeenFrom[],
  target: Outside,
  now: number,
): { algorithm: string; silent: boolean; finding: OutsideFinding['finding']; life?: Life }[] {
  const byAlgorithm = Map.groupBy(places, ({ algorithm }) => algorithm ?? '');
  return [...byAlgorithm].flatMap(([algorithm, list]) => {
    const served = new Set(list.map((place) => place.served));
    if (served.size < 2) return [];
    const oldest = list.toSorted((one, other) => order(one.notBefore, other.notBefore))[0];
    const youngest = list.toSorted((one, other) => order(other.notBefore, one.notBefore))[0];
    if (!oldest || !youngest) return [];
    const behind = list.filter((place) => place.served !== youngest.served);
    const renewed = oldest.issuer === youngest.issuer && oldest.notBefore !== youngest.notBefore;
    const name = `${target.host}:${target.port}`;
    const [best, addresses] = [textOf(youngest), behind.map(textOf).join(', ')];
    return [
      {
        algorithm,
        ...lifeOf(list.toSorted((one, other) => order(one.notAfter, other.notAfter))[0] ?? oldest),
        silent: behind.every((place) => place.failure !== undefined),
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

function textOf(place: SeenFrom): string {
  return place.seenFrom === undefined ? place.address : seenText(place.address, { seenFrom: place.seenFrom });
}

function keyOf({ address, seenFrom }: SeenFrom): string {
  return `${address.slice(0, 64)}${seenFrom === undefined ? '' : ` from ${seenFrom.slice(0, 64)}`}`;
}
