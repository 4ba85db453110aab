import type { Estate, HostView, LineageView } from '../serve/estate.ts';
import { hostStatuses } from '../wording/words.ts';
import { labelWords } from './estate-view.ts';

/** Would a lineage's renewal succeed today, as its last rehearsal told? */
export interface Renewability {
  /** Lineages of the host. */
  readonly lineages: number;
  readonly good: number;
  readonly bad: number;
}

/** A host with what its lineages, endpoints and findings tell of it. */
export interface HostRow {
  readonly host: HostView;
  readonly renewability: Renewability;
  readonly endpoints: number;
  readonly findings: number;
}

/** Every host, the worst first, then by name. */
export function hostRowsOf({
  hosts,
  lineages,
  endpoints,
  findings,
}: Pick<Estate, 'hosts' | 'lineages' | 'endpoints' | 'findings'>): HostRow[] {
  const lineagesOn = Map.groupBy(lineages, ({ agentId }) => agentId);
  const endpointsOn = countedBy(endpoints);
  const findingsOn = countedBy(findings);
  return hosts
    .map(
      (host): HostRow => ({
        host,
        renewability: renewabilityOf(lineagesOn.get(host.agentId) ?? []),
        endpoints: endpointsOn.get(host.agentId) ?? 0,
        findings: findingsOn.get(host.agentId) ?? 0,
      }),
    )
    .sort(
      ({ host: left }, { host: right }) =>
        hostStatuses.indexOf(left.status) - hostStatuses.indexOf(right.status) || (left.name < right.name ? -1 : 1),
    );
}

export function renewabilityOf(lineages: readonly Pick<LineageView, 'rehearsal'>[]): Renewability {
  const told = (ok: boolean) => lineages.filter(({ rehearsal }) => rehearsal?.ok === ok).length;
  return { lineages: lineages.length, good: told(true), bad: told(false) };
}

/** Does a host hold a word, in lower case? */
export function hostHolds({ host }: HostRow, word: string): boolean {
  const { name, agentId, status, reason, platform, agentVersion, mode, labels } = host;
  return [name, agentId, status, reason, platform, agentVersion, mode, ...labelWords(labels)].some((text) =>
    text?.toLowerCase().includes(word),
  );
}

function countedBy(items: readonly { readonly agentId: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { agentId } of items) counts.set(agentId, (counts.get(agentId) ?? 0) + 1);
  return counts;
}
