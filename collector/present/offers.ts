import type { RequestedVerb } from '@certherd/protocol/frame';
import type { Mode } from '@certherd/protocol/snapshot';
import type { EndpointView, FindingView, HostView, LineageView } from '../serve/estate.ts';

/** What a host can be asked for about a finding (POST /api/v1/requests), and would do: its own policy allows it. */
export interface Offer {
  readonly verb: RequestedVerb;
  /** The id of something that the host reported. */
  readonly subject: string;
  /** What people call it. */
  readonly name: string;
}

/** What is known of the finding's host: its lineages, and the endpoints that the finding puts at risk. */
export interface OfferFacts {
  readonly host: Pick<HostView, 'connected' | 'mode' | 'name'> | undefined;
  readonly lineages: readonly Pick<LineageView, 'name' | 'mode'>[];
  readonly concerned: readonly Pick<EndpointView, 'server' | 'serverName'>[];
}

/** A new certificate ends these; a reload ends those. What has another cause is not mended by doing it again. */
const endedByRenewal: readonly FindingView['code'][] = ['due', 'overdue', 'expired', 'renewal-failing'];
const endedByReload: readonly FindingView['code'][] = ['not-served', 'reload-failed', 'deployment-failing'];

/** What changes something comes first; looking again is always offered. A host that is not connected is asked nothing. */
export function offersOf(
  { code, subject: { kind, id } }: Pick<FindingView, 'code' | 'subject'>,
  { host, lineages, concerned }: OfferFacts,
): Offer[] {
  if (host?.connected !== true) return [];
  const offers: Offer[] = [];
  const lineage = kind === 'lineage' ? lineages.find(({ name }) => name === id) : undefined;
  if (lineage !== undefined && endedByRenewal.includes(code) && (lineage.mode ?? host.mode) === 'renew')
    offers.push({ verb: 'renew', subject: id, name: id });
  const server = kind === 'server' ? id : concerned[0]?.server;
  if (endedByReload.includes(code) && server !== undefined && server !== 'other' && mayReload(host.mode, lineages))
    offers.push({ verb: 'reload', subject: server, name: server });
  offers.push(lookAgain(kind, id, host.name, concerned[0]));
  return offers;
}

/** What is seen from outside is at a place that the host does not have: it can only look at all that it has. */
function lookAgain(
  kind: string,
  id: string,
  hostName: string,
  concerned: OfferFacts['concerned'][number] | undefined,
): Offer {
  if (kind === 'endpoint' && concerned) return { verb: 'verify', subject: id, name: concerned.serverName || id };
  return ['lineage', 'server'].includes(kind)
    ? { verb: 'verify', subject: id, name: id }
    : { verb: 'rescan', subject: hostName, name: hostName };
}

/** A reload is the host's, or any one lineage's that asks for more. */
function mayReload(mode: Mode | undefined, lineages: OfferFacts['lineages']): boolean {
  return [mode, ...lineages.map((lineage) => lineage.mode)].some((one) => one === 'deploy' || one === 'renew');
}

/** What a host can be asked for about one of its lineages, whatever is found about it. */
export function lineageOffers(host: OfferFacts['host'], { name, mode }: OfferFacts['lineages'][number]): Offer[] {
  if (host?.connected !== true) return [];
  const renews = (mode ?? host.mode) === 'renew';
  const verbs = renews ? (['verify', 'rehearse', 'renew'] as const) : (['verify'] as const);
  return verbs.map((verb) => ({ verb, subject: name, name }));
}
