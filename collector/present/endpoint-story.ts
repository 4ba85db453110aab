import { concernedByFinding } from '../evaluate/concerned-endpoints.ts';
import type { EndpointView, Estate, LineageView, TargetView } from '../serve/estate.ts';
import { type EndpointRow, endpointRowsOf, targetsFor } from './endpoint-rows.ts';
import type { Needs } from './needs.ts';
import type { TargetPlace } from './target-rows.ts';

/** What an estate tells of one endpoint beyond the endpoint itself. */
export interface EndpointStory extends EndpointRow {
  /** What needs a person, or may be known, that puts it at risk. */
  readonly needs: Needs;
  /** Whose newest certificate it should serve. */
  readonly lineage: LineageView | undefined;
  /** What addresses of its name present to those who look from outside, for its kind of key. */
  readonly places: readonly { readonly target: TargetView; readonly place: TargetPlace }[];
}

export function endpointStoryOf(
  estate: Pick<Estate, 'endpoints' | 'targets' | 'lineages'>,
  needs: Needs,
  wanted: Pick<EndpointView, 'agentId' | 'id'>,
): EndpointStory | undefined {
  const endpoint = estate.endpoints.find(({ agentId, id }) => agentId === wanted.agentId && id === wanted.id);
  const [row] = endpoint ? endpointRowsOf({ endpoints: [endpoint], targets: estate.targets }) : [];
  if (!endpoint || !row) return undefined;
  const lineages = estate.lineages.filter(({ agentId }) => agentId === endpoint.agentId);
  const isOfIt = ({ agentId, told: { code, kind, subject }, evidence }: Needs['pressing'][number]): boolean => {
    if (agentId !== endpoint.agentId || kind === 'campaign') return false;
    const finding = { code, subject: { kind, id: subject }, evidence: Object.fromEntries(evidence) };
    return concernedByFinding(finding, lineages)(endpoint);
  };
  return {
    ...row,
    needs: { pressing: needs.pressing.filter(isOfIt), notices: needs.notices.filter(isOfIt) },
    lineage: lineages.find(({ issued }) => issued !== undefined && issued === endpoint.issued),
    places: targetsFor(endpoint, estate.targets).flatMap((target) =>
      target.places.filter(({ algorithm }) => algorithm === endpoint.algorithm).map((place) => ({ target, place })),
    ),
  };
}

/** How the page of one endpoint is addressed: "AGENT/ID". */
export function endpointItem({ agentId, id }: Pick<EndpointView, 'agentId' | 'id'>): string {
  return `${agentId}/${id}`;
}

/** The counterpart of `endpointItem`. */
export function endpointOf(item: string): Pick<EndpointView, 'agentId' | 'id'> {
  const slash = item.indexOf('/');
  return { agentId: item.slice(0, Math.max(0, slash)), id: item.slice(slash + 1) };
}
