import type { TargetView } from '../estate.ts';
import { outsideLabels } from './certificate-labels.ts';
import { pairs } from './family.ts';

/** What one address of a target presents to clients of one kind of key, as the collector saw it from outside. */
export interface TargetRow {
  place: string;
  /** What it presents, or presented last: labels, and seconds since 1970. */
  served: { labels: string; notBefore: number; notAfter: number } | undefined;
  answered: boolean;
}

/** `instance` is the target, as ssl_exporter has it; no series is there twice, and none that a host has: `vantage` says so. */
export function targetRows(targets: readonly TargetView[]): TargetRow[] {
  const given = new Set<string>();
  return targets.flatMap(({ target, places, vantage }) => {
    const port = /:(\d+)$/.exec(target)?.[1] ?? '';
    return places.flatMap((seen): TargetRow[] => {
      const address = seen.address.includes(':') ? `[${seen.address}]` : seen.address;
      const kind = seen.algorithm === undefined ? '' : `/${seen.algorithm}`;
      const place = pairs({ instance: target, endpoint: `${address}:${port}${kind}`, vantage });
      if (given.has(place)) return [];
      given.add(place);
      const { served, notBefore, notAfter, failure } = seen;
      return [
        {
          place,
          answered: served !== undefined && !failure,
          served:
            notBefore === undefined || notAfter === undefined
              ? undefined
              : { labels: outsideLabels(seen), notBefore: secondsOf(notBefore), notAfter: secondsOf(notAfter) },
        },
      ];
    });
  });
}

function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}
