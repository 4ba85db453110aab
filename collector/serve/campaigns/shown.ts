import type { ListedCampaign, Planned, ShownCampaign } from '../../campaigns/operate.ts';
import { placeWords } from '../../evaluate/campaign/place-words.ts';
import type { CampaignRow, PlannedMember, Selection } from '../../store/campaigns.ts';
import type { CampaignAnswer, CampaignShown, MemberShown, PlanAnswer } from './views.ts';

type Member = ShownCampaign['members'][number];

const mostListed = 1_000;

/** As the list has it: counts, and no lineage by itself; places as each lineage was planned, and served with their lineage. */
export function campaignListed({ campaign, counts }: ListedCampaign): CampaignShown {
  const waves = [...Map.groupBy(counts, ({ wave }) => wave)].map(([wave, own]) => ({
    wave,
    owners: ownersOf(own),
    ...sumOf(own),
  }));
  return { ...campaignWords(campaign), ...sumOf(counts), waves };
}

export function campaignShown({ campaign, members }: ShownCampaign): CampaignShown {
  const waves = [...Map.groupBy(members, ({ row }) => row.wave)].map(([wave, own]) => ({
    wave,
    owners: ownersOf(own.map(({ row }) => row)),
    ...countsOf(own),
  }));
  return { ...campaignWords(campaign), ...countsOf(members), waves };
}

function campaignWords(campaign: CampaignRow) {
  const { id, selection, limits, reason, startedBy, startedAt, state, cause, changedAt } = campaign;
  return {
    id,
    selection,
    limits,
    reason,
    startedBy,
    startedAt: instant(startedAt),
    state,
    ...(cause !== undefined && { cause }),
    changedAt: instant(changedAt),
  };
}

function ownersOf(members: readonly { owner: string | undefined }[]): string[] {
  return [...new Set(members.flatMap(({ owner }) => owner ?? []))].sort();
}

function sumOf(counts: ListedCampaign['counts']) {
  const sum = { lineages: 0, waiting: 0, asked: 0, served: 0, failed: 0, skipped: 0, places: 0, placesServed: 0 };
  for (const { state, lineages, places } of counts) {
    sum.lineages += lineages;
    sum[state] += lineages;
    sum.places += places;
    if (state === 'served') sum.placesServed += places;
  }
  return sum;
}

/** With every lineage. */
export function campaignAnswer(shown: ShownCampaign): CampaignAnswer {
  return { version: 1, campaign: campaignShown(shown), members: shown.members.map(memberShown) };
}

export function planAnswer({ plan, limits, digest, domains }: Planned, selection: Selection, now: number): PlanAnswer {
  const { members, leftOut, radius, cautions } = plan;
  return {
    version: 1,
    at: instant(now),
    selection,
    limits,
    digest,
    radius: { ...radius, owners: [...radius.owners] },
    members: members.slice(0, mostListed).map((member) => ({
      ...plannedShown(member),
      places: member.places.map((place) => ({ where: placeWords(place) })),
    })),
    leftOut: leftOut
      .slice(0, mostListed)
      .map(({ lineage, ...one }) => ({ ...one, ...(lineage !== undefined && { lineage }), names: [...one.names] })),
    leftOutTotal: leftOut.length,
    cautions,
    domains: domains.slice(0, mostListed),
  };
}

function memberShown({ row, progress, held }: Member): MemberShown {
  const { number, state, attempt, request, askedAt, changedAt, cause } = row;
  const places = progress?.places ?? row.places.map((place) => ({ place, state: undefined }));
  return {
    number,
    ...plannedShown(row),
    places: places.map((one) => ({ where: placeWords(one.place), ...(one.state && { state: one.state }) })),
    state,
    attempt,
    ...(request !== undefined && { request }),
    ...(askedAt !== undefined && { askedAt: instant(askedAt) }),
    changedAt: instant(changedAt),
    ...(cause !== undefined && { cause }),
    ...(held && { held: held.detail }),
    ...placesOf({ row, progress }),
  };
}

function plannedShown(member: PlannedMember) {
  const { wave, agentId, hostName, lineage, owner, old, names, issuer, key, notBefore, notAfter } = member;
  return {
    wave,
    agentId,
    hostName,
    lineage,
    ...(owner !== undefined && { owner }),
    old,
    names: [...names],
    issuer,
    key,
    notBefore,
    notAfter,
  };
}

function countsOf(members: readonly Member[]) {
  const states = { waiting: 0, asked: 0, served: 0, failed: 0, skipped: 0 };
  let [left, presenting] = [0, 0];
  for (const member of members) {
    states[member.row.state]++;
    const { placesLeft, placesServed } = placesOf(member);
    left += placesLeft;
    presenting += placesServed;
  }
  return {
    lineages: members.length,
    ...states,
    places: left,
    placesServed: presenting,
  };
}

/** As they are now; of a campaign that is over, as each lineage was settled. */
function placesOf({ row, progress }: Pick<Member, 'row' | 'progress'>): { placesLeft: number; placesServed: number } {
  if (progress)
    return {
      placesLeft: progress.places.filter(({ state }) => state !== 'gone').length,
      placesServed: progress.served,
    };
  const { length } = row.places;
  return { placesLeft: length, placesServed: row.state === 'served' ? length : 0 };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
