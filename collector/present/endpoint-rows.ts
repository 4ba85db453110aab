import type { EndpointView, Estate, TargetView } from '../serve/estate.ts';
import { endpointStatuses } from '../wording/words.ts';
import { labelWords } from './estate-view.ts';
import { presentedBy } from './target-rows.ts';

/** What addresses of its name present to those who look from outside, compared with what it serves itself; undefined: nobody looks, or has looked yet. */
export type Outside = 'the same' | 'another' | 'nothing' | undefined;

export interface EndpointRow {
  readonly endpoint: EndpointView;
  readonly outside: Outside;
}

/** Every endpoint, the worst first. */
export function endpointRowsOf({ endpoints, targets }: Pick<Estate, 'endpoints' | 'targets'>): EndpointRow[] {
  const byName = Map.groupBy(targets, ({ target }) => target);
  return endpointsInOrder(endpoints).map((endpoint) => ({ endpoint, outside: outsideOf(endpoint, byName) }));
}

/** The worst first, then by host, name, port and algorithm. */
export function endpointsInOrder(endpoints: readonly EndpointView[]): EndpointView[] {
  return endpoints.toSorted(
    (left, right) =>
      endpointStatuses.indexOf(left.status) - endpointStatuses.indexOf(right.status) ||
      byText(left.hostName, right.hostName) ||
      byText(left.serverName, right.serverName) ||
      left.port - right.port ||
      byText(left.algorithm, right.algorithm),
  );
}

/** Does an endpoint hold a word, in lower case? */
export function endpointHolds({ endpoint, outside }: EndpointRow, word: string): boolean {
  const { id, hostName, status, issued, configured, served, labels } = endpoint;
  return [id, hostName, status, issued, configured, served, outside, ...labelWords(labels)].some((text) =>
    text?.toLowerCase().includes(word),
  );
}

/** Those that ask for its name at its port, as targets are written. */
export function targetsFor(endpoint: EndpointView, targets: readonly TargetView[]): TargetView[] {
  const text = targetTextOf(endpoint);
  return targets.filter(({ target }) => target === text);
}

function targetTextOf({ serverName, port, startTls }: EndpointView): string {
  return `${startTls === undefined ? '' : `${startTls}://`}${serverName.toLowerCase()}:${port}`;
}

function outsideOf(endpoint: EndpointView, byName: ReadonlyMap<string, readonly TargetView[]>): Outside {
  const { algorithm, served } = endpoint;
  const asked = byName.get(targetTextOf(endpoint));
  if (asked === undefined || asked.every(isUnasked)) return undefined;
  const presented = asked.flatMap((target) =>
    target.places.filter((place) => place.algorithm === algorithm).flatMap((place) => presentedBy(target, place) ?? []),
  );
  if (presented.length === 0) return 'nothing';
  return presented.every((one) => one === served) ? 'the same' : 'another';
}

function isUnasked({ askedAt, places, failure }: TargetView): boolean {
  return askedAt === undefined && failure === undefined && places.length === 0;
}

function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
