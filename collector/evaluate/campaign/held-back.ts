import { organisationOf } from '../distinguished-name.ts';
import { namesKey } from '../fleet/holdings.ts';
import type { CampaignLimits, MemberRow } from '../../store/campaigns.ts';

/** Why a lineage is not asked for yet. */
export interface Held {
  by: 'at-once' | 'host' | 'owner' | 'same-name' | 'three-hours' | 'names-week' | 'domain-week';
  /** One sentence; raw. */
  detail: string;
}

/** What each CA issued in the last seven days, as it counts its own: by its organisation. */
export interface IssuedInWeek {
  /** Certificates below a registered domain. */
  below: (domain: string, organisation: string) => number;
  /** Certificates for exactly these names. */
  forNames: (names: readonly string[], organisation: string) => number;
}

interface Surroundings {
  limits: CampaignLimits;
  /** Members that are in hand now. */
  inHand: readonly MemberRow[];
  /** When members were asked. */
  asked: readonly number[];
  facts: { domainOf: (name: string) => string; issued: IssuedInWeek };
  now: number;
}

/** What the campaign chooses where nobody says something else. */
export const usualLimits: CampaignLimits = {
  tolerance: 0,
  atOnce: 4,
  perHost: 1,
  perOwner: 2,
  // Let's Encrypt: 50 certificates of one registered domain in seven days, 5 for the very same names, 300 orders of one account in three hours. Others order too.
  perDomainWeek: 50,
  perNamesWeek: 5,
  perThreeHours: 100,
  deadlineSeconds: 3_600,
};

const threeHoursMs = 3 * 3_600_000;

/** The first limit that is in the way of asking for this one now; undefined: none. */
export function heldBack(member: MemberRow, { limits, inHand, asked, facts, now }: Surroundings): Held | undefined {
  const names = new Set(member.names);
  const behind = inHand.find((one) => one.agentId !== member.agentId && one.names.some((name) => names.has(name)));
  if (behind) return { by: 'same-name', detail: `${behind.hostName} is behind one of its names, and is being renewed` };
  if (inHand.length >= limits.atOnce) return { by: 'at-once', detail: `${limits.atOnce} are in hand already` };
  if (inHand.filter(({ agentId }) => agentId === member.agentId).length >= limits.perHost)
    return { by: 'host', detail: `${limits.perHost} of its host in hand already` };
  if (inHand.filter(({ owner }) => owner === member.owner).length >= limits.perOwner)
    return { by: 'owner', detail: `${limits.perOwner} of its owner in hand already` };
  if (asked.filter((at) => at > now - threeHoursMs && at <= now).length >= limits.perThreeHours)
    return { by: 'three-hours', detail: `${limits.perThreeHours} were asked for within three hours` };
  // Each CA counts its own; what is in hand may be issued already or not, and is counted as not, so that the limits hold.
  const issuer = organisationOf(member.issuer);
  const coming = inHand.filter((one) => organisationOf(one.issuer) === issuer);
  const key = namesKey(member.names);
  const same = facts.issued.forNames(member.names, issuer) + coming.filter((one) => namesKey(one.names) === key).length;
  if (same >= limits.perNamesWeek)
    return {
      by: 'names-week',
      detail: `${same} of ${limits.perNamesWeek} certificates for these very names in seven days, by ${issuer}`,
    };
  for (const domain of new Set(member.names.map(facts.domainOf))) {
    const below = coming.filter(({ names: its }) => its.some((name) => facts.domainOf(name) === domain)).length;
    const issued = facts.issued.below(domain, issuer) + below;
    if (issued >= limits.perDomainWeek)
      return {
        by: 'domain-week',
        detail: `${issued} of ${limits.perDomainWeek} certificates of ${domain} in seven days, by ${issuer}`,
      };
  }
  return undefined;
}

/** Which of these will have to wait for days, since their CA issues only so many certificates for the very same names: a sentence each. */
export function sameNamesCautions(
  members: readonly Pick<MemberRow, 'names' | 'issuer'>[],
  { perNamesWeek }: CampaignLimits,
  issued: IssuedInWeek,
): string[] {
  const groups = Map.groupBy(members, ({ names, issuer }) => JSON.stringify([namesKey(names), organisationOf(issuer)]));
  return [...groups.values()].flatMap((same) => {
    const [one] = same;
    if (!one) return [];
    const issuer = organisationOf(one.issuer);
    const before = issued.forNames(one.names, issuer);
    if (before + same.length <= perNamesWeek) return [];
    const others = one.names.length > 1 ? ` and ${one.names.length - 1} more` : '';
    return [
      `${one.names[0]}${others}: ${same.length} lineages are for these very names, and ${before} certificates for them were issued in seven days by ${issuer}, of ${perNamesWeek}: it waits once that is reached (--per-names). Hosts that share one lineage need one.`,
    ];
  });
}
