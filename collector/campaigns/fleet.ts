import { getDomain } from 'tldts';
import { organisationOf } from '../evaluate/distinguished-name.ts';
import type { CampaignFleet, CampaignHost } from '../evaluate/campaign/fleet.ts';
import type { IssuedInWeek } from '../evaluate/campaign/held-back.ts';
import { type Progress, progressOf } from '../evaluate/campaign/progress.ts';
import { namesKey } from '../evaluate/fleet/holdings.ts';
import type { KeptHost } from '../serve/estate-parts.ts';
import type { EstateNow } from '../serve/kept-estate.ts';
import { madeInTurn } from '../serve/made-in-turn.ts';
import type { MemberRow } from '../store/campaigns.ts';

const weekMs = 7 * 86_400_000;
/** CAs let a certificate begin before it is issued, for clocks that are behind: Let's Encrypt an hour. */
const backdatedMs = 3_600_000;

/** The estate as campaigns look at it: nothing is copied. */
export function campaignFleet({ parts, targets }: Pick<EstateNow, 'parts' | 'targets'>): CampaignFleet {
  const hosts = new Map<string, CampaignHost>();
  for (const host of parts.hosts)
    if (host.part.host.revokedAt === undefined) hosts.set(host.agentId, campaignHost(host));
  return { hosts, targets: Map.groupBy(targets, ({ target }) => target) };
}

function campaignHost({ part, certificates, agentId, name }: KeptHost): CampaignHost {
  return {
    agentId,
    name,
    silent: part.stale,
    unread: part.unread,
    mode: part.host.mode,
    labels: part.host.labels ?? {},
    // Most hosts are not looked into.
    get lineages() {
      return part.lineages;
    },
    get endpoints() {
      return part.endpoints;
    },
    certificate: (fingerprint) => certificates.find((one) => one.fingerprint === fingerprint),
  };
}

/** How far each of these is, by its number: host after host, each of which may have to be opened, with turns for others between. */
export async function progressOfAll(
  campaign: Parameters<typeof progressOf>[0],
  members: readonly (Parameters<typeof progressOf>[1] & Pick<MemberRow, 'number'>)[],
  fleet: CampaignFleet,
): Promise<ReadonlyMap<number, Progress>> {
  const byHost = [...Map.groupBy(members, ({ agentId }) => agentId).values()].flat();
  return new Map(await madeInTurn(byHost, (member) => [[member.number, progressOf(campaign, member, fleet)] as const]));
}

/** The part of a name that CAs count by: what stands below a public suffix, else the name itself. */
export function domainOf(name: string): string {
  const plain = name.toLowerCase().replace(/^\*\./, '');
  return getDomain(plain, { allowPrivateDomains: true }) ?? plain;
}

/** Certificates of the fleet that were issued in the last seven days, as each CA counts its own; each counts once for each of its registered domains, and once for its names. */
export async function issuedInWeek({ parts }: Pick<EstateNow, 'parts'>, now: number): Promise<IssuedInWeek> {
  // Instants of one form are in the order of their texts.
  const since = new Date(now - weekMs - backdatedMs).toISOString();
  const counts = new Map<string, number>();
  const issued = await madeInTurn(parts.certificates, ({ facts }) => {
    const { notBefore, isAuthority, subjectAltNames, issuer } = facts.certificate;
    if (notBefore < since || isAuthority) return [];
    const organisation = organisationOf(issuer);
    const domains = [...new Set(subjectAltNames.map(domainOf))].map((domain) => keyOf('domain', domain, organisation));
    return [...domains, keyOf('names', namesKey(subjectAltNames), organisation)];
  });
  for (const key of issued) counts.set(key, (counts.get(key) ?? 0) + 1);
  const countOf = (key: string) => counts.get(key) ?? 0;
  return {
    below: (domain, organisation) => countOf(keyOf('domain', domain, organisation)),
    forNames: (names, organisation) => countOf(keyOf('names', namesKey(names), organisation)),
  };
}

function keyOf(...parts: [what: 'domain' | 'names', of: string, organisation: string]): string {
  return JSON.stringify(parts);
}
