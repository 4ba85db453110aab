import { organisationOf } from '../distinguished-name.ts';
import type { CampaignLimits, MemberRow } from '../../store/campaigns.ts';

/** Why a lineage is not asked for yet. */
export interface Held {
  by: 'at-once' | 'host' | 'owner' | 'same-name' | 'three-hours' | 'domain-week';
  /** One sentence; raw. */
  detail: string;
}

interface Surroundings {
  limits: CampaignLimits;
  /** Members that are in hand now. */
  inHand: readonly MemberRow[];
  /** When members were asked. */
  asked: readonly number[];
  facts: { domainOf: (name: string) => string; issuedInWeek: (domain: string, organisation: string) => number };
  now: number;
}

/** What the campaign chooses where nobody says something else. */
export const usualLimits: CampaignLimits = {
  tolerance: 0,
  atOnce: 4,
  perHost: 1,
  perOwner: 2,
  // Let's Encrypt: 50 certificates of one registered domain in seven days, 300 orders of one account in three hours. Others order too.
  perDomainWeek: 50,
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
  // Each CA counts its own.
  const issuer = organisationOf(member.issuer);
  for (const domain of new Set(member.names.map(facts.domainOf))) {
    // What is in hand may be issued already or not: counted as not, so that the limit holds.
    const coming = inHand.filter(
      (one) => organisationOf(one.issuer) === issuer && one.names.some((name) => facts.domainOf(name) === domain),
    ).length;
    const issued = facts.issuedInWeek(domain, issuer) + coming;
    if (issued >= limits.perDomainWeek)
      return {
        by: 'domain-week',
        detail: `${issued} of ${limits.perDomainWeek} certificates of ${domain} in seven days, by ${issuer}`,
      };
  }
  return undefined;
}
