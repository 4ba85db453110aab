import type { EndpointView } from '../../serve/estate.ts';
import { endpointStatuses } from '../wording/words.ts';

/** Does `text` hold every word of the filter, in any case? An empty filter lets everything through. */
export function matches(filter: string, text: readonly (string | undefined)[]): boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const haystack = text.join('\n').toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** "owner=payments": a filter may name the key, or only the value. */
export function labelWords(labels: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** Endpoints that pass the filter, the worst first, then by host, name, port and algorithm. */
export function endpointRows(endpoints: readonly EndpointView[], filter: string): EndpointView[] {
  return endpoints
    .filter(({ id, hostName, status, issued, configured, served, labels }) =>
      matches(filter, [id, hostName, status, issued, configured, served, ...labelWords(labels)]),
    )
    .sort(
      (left, right) =>
        endpointStatuses.indexOf(left.status) - endpointStatuses.indexOf(right.status) ||
        byText(left.hostName, right.hostName) ||
        byText(left.serverName, right.serverName) ||
        left.port - right.port ||
        byText(left.algorithm, right.algorithm),
    );
}

function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
