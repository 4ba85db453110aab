import type { LabelBook } from '../../evaluate/labels.ts';
import type { TargetView } from '../estate.ts';
import { outsideLabels } from './certificate-labels.ts';
import { escapeLabel, pairs } from './family.ts';
import { ownersOf } from './host-rows.ts';

/** What one address of a target presents to clients of one kind of key, as one vantage saw it from outside. */
export interface TargetRow {
  place: string;
  /** What it presents, or presented last: labels, and seconds since 1970. */
  served: { labels: string; notBefore: number; notAfter: number } | undefined;
  answered: boolean;
  /** The OCSP answer that it staples, where that is known. */
  staple: StapleRow | undefined;
}

/** In ssl_exporter's numbers, and seconds since 1970. Only what the issuer is proved to have said has times. */
export interface StapleRow {
  stapled: 0 | 1;
  /** 0 good, 1 revoked, 2 unknown: one that cannot be believed, too. */
  status?: 0 | 1 | 2;
  producedAt?: number;
  thisUpdate?: number;
  nextUpdate?: number;
  revokedAt?: number;
}

/**
 * `instance` is the target, as ssl_exporter has it; no series is there twice, and none that a host has: `vantage` says so, as `instances` calls
 * the agent's host. Whose it is the labels of its name say.
 */
export function targetRows(
  targets: readonly TargetView[],
  book: LabelBook,
  instances: ReadonlyMap<string, string>,
): TargetRow[] {
  const given = new Set<string>();
  return targets.flatMap(({ target, places, vantage }) => {
    // Of an agent that is gone the id is left.
    const from = instances.get(vantage) ?? escapeLabel(vantage);
    const [, name = '', port = ''] = /^(?:[a-z0-9]+:\/\/)?(.*):(\d+)$/.exec(target) ?? [];
    const labels = book.ofNames([name], '');
    const owners = ownersOf(Object.fromEntries([...labels].map(([key, { value }]) => [key, value])));
    return places.flatMap((seen): TargetRow[] => {
      const address = seen.address.includes(':') ? `[${seen.address}]` : seen.address;
      const kind = seen.algorithm === undefined ? '' : `/${seen.algorithm}`;
      const place = `${pairs({ instance: target, endpoint: `${address}:${port}${kind}` })},vantage="${from}"${owners}`;
      if (given.has(place)) return [];
      given.add(place);
      const { served, notBefore, notAfter, failure } = seen;
      return [
        {
          place,
          answered: served !== undefined && !failure,
          staple: stapleRow(seen.staple),
          served:
            notBefore === undefined || notAfter === undefined
              ? undefined
              : { labels: outsideLabels(seen), notBefore: secondsOf(notBefore), notAfter: secondsOf(notAfter) },
        },
      ];
    });
  });
}

function stapleRow(staple: TargetView['places'][number]['staple']): StapleRow | undefined {
  if (!staple) return undefined;
  const { state, producedAt, thisUpdate, nextUpdate, revokedAt } = staple;
  if (state === 'none') return { stapled: 0 };
  return {
    stapled: 1,
    status: state === 'good' ? 0 : state === 'revoked' ? 1 : 2,
    ...(producedAt !== undefined && { producedAt: secondsOf(producedAt) }),
    ...(thisUpdate !== undefined && { thisUpdate: secondsOf(thisUpdate) }),
    ...(nextUpdate !== undefined && { nextUpdate: secondsOf(nextUpdate) }),
    ...(revokedAt !== undefined && { revokedAt: secondsOf(revokedAt) }),
  };
}

function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}
