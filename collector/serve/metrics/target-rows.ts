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
