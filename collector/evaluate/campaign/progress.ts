import type { CampaignPlace, CampaignRow, MemberRow } from '../../store/campaigns.ts';
import type { CampaignFleet, CampaignTarget } from './fleet.ts';
import { fulfils } from './selection.ts';

/**
 * What is presented at a place that presented the old certificate. `other`: neither the old one nor the new one; `unanswered`: nothing, or it is not
 * known; `gone`: all configs were read, and no server is configured there any more.
 */
export type PlaceState = 'new' | 'old' | 'other' | 'unanswered' | 'gone';

export interface SeenPlace {
  place: CampaignPlace;
  state: PlaceState;
}

/** How far one lineage is. */
export interface Progress {
  places: readonly SeenPlace[];
  /** Those that present the new certificate. */
  served: number;
  /** Everything that is left of the places does, and something is. */
  isServed: boolean;
  /** What the lineage has now is another certificate and does not fulfil what the campaign is for: why not. */
  unfit: string | undefined;
  /** When what the lineage has now was first seen, where that is another certificate; milliseconds since 1970. */
  seenAt: number | undefined;
}

const hourMs = 3_600_000;
/** Some CAs date a certificate to the midnight before, and all of them to an hour before. */
const datedBackMs = 25 * hourMs;

/** Looks where the old certificate was presented for the one that its lineage has now. Pure. */
export function progressOf(
  { selection, startedAt }: Pick<CampaignRow, 'selection' | 'startedAt'>,
  member: Pick<MemberRow, 'agentId' | 'lineage' | 'old' | 'places'>,
  fleet: CampaignFleet,
): Progress {
  const host = fleet.hosts.get(member.agentId);
  const live = host?.lineages.find(({ name }) => name === member.lineage)?.live;
  const current = live === undefined || live === member.old ? undefined : host?.certificate(live);
  const unfit = current && unfitness();
  const wanted = current && unfit === undefined ? live : undefined;
  const places = member.places.map((place) => ({ place, state: stateAt(place, member.old, wanted, fleet) }));
  const served = places.filter(({ state }) => state === 'new').length;
  const isServed = served > 0 && places.every(({ state }) => state === 'new' || state === 'gone');
  return { places, served, isServed, unfit, seenAt: current?.firstSeenAt };

  function unfitness(): string | undefined {
    if (!current) return undefined;
    const { certificate, firstSeenAt } = current;
    if (firstSeenAt < startedAt || Date.parse(certificate.notBefore) < startedAt - datedBackMs)
      return `what it has now was issued before the campaign began (${certificate.notBefore})`;
    if (fulfils(selection, certificate)) return undefined;
    const { issuer, key, notBefore, notAfter } = certificate;
    return `the new certificate is one of those that are to go: ${key}, issued by ${issuer} at ${notBefore}, until ${notAfter}`;
  }
}

function stateAt(
  place: CampaignPlace,
  old: string,
  wanted: string | undefined,
  { hosts, targets }: CampaignFleet,
): PlaceState {
  if (place.kind === 'target') {
    const vantages = targets.get(place.target) ?? [];
    const at = (all: readonly CampaignTarget[]) =>
      all.flatMap(({ places }) => places.filter(({ address }) => address === place.address));
    // Whoever is still shown the old one: somebody is.
    if (at(vantages).some(({ served }) => served === old)) return 'old';
    const own = vantages.filter(({ vantage }) => vantage === place.vantage);
    const state = stateOf(at(own), old, wanted);
    return state === 'gone' && own.some(({ failure }) => failure) ? 'unanswered' : state;
  }
  const host = hosts.get(place.agentId);
  if (!host || host.silent) return 'unanswered';
  const state = stateOf(
    host.endpoints.filter(
      ({ serverName, address, port }) =>
        serverName === place.serverName && address === place.address && port === place.port,
    ),
    old,
    wanted,
  );
  // A server goes on with what it loaded before its config could not be read.
  return state === 'gone' && host.unread ? 'unanswered' : state;
}

/** Of one place, for each kind of key that was asked for. */
function stateOf(
  seen: readonly { served?: string; failure?: object }[],
  old: string,
  wanted: string | undefined,
): PlaceState {
  if (seen.length === 0) return 'gone';
  if (seen.some(({ served }) => served === old)) return 'old';
  if (wanted !== undefined && seen.some(({ served, failure }) => served === wanted && !failure)) return 'new';
  return seen.every(({ served, failure }) => served !== undefined && !failure) ? 'other' : 'unanswered';
}
