import { createHash, randomUUID } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Result } from '@certherd/protocol/failure';
import { organisationOf } from '../evaluate/distinguished-name.ts';
import { decideCampaign } from '../evaluate/campaign/decide.ts';
import { type Held, type IssuedInWeek, sameNamesCautions, usualLimits } from '../evaluate/campaign/held-back.ts';
import { type CampaignPlan, planSlices } from '../evaluate/campaign/plan.ts';
import { type Progress, progressOf } from '../evaluate/campaign/progress.ts';
import { mistakeInSelection } from '../evaluate/campaign/selection.ts';
import type { NotKept } from '../receive/records.ts';
import type { EstateNow } from '../serve/kept-estate.ts';
import type { Actor, AuditAction } from '../store/accounts.ts';
import type { CampaignLimits, CampaignRow, Campaigns, MemberCount, MemberRow, Selection } from '../store/campaigns.ts';
import type { Kept } from '../store/kept.ts';
import { campaignFleet, domainOf, issuedInWeek, progressOfAll } from './fleet.ts';
import { keepMembers } from './kept-members.ts';

/** Why something is not done, with the status that HTTP has for it. */
export interface Refusal {
  status: 404 | 409 | 422 | 503;
  detail: string;
}

/** What a person wants to be done. */
export interface CampaignWish {
  selection: Selection;
  limits: Partial<CampaignLimits>;
}

export interface Planned {
  plan: CampaignPlan;
  limits: CampaignLimits;
  /** Names this very plan: another fleet gives another one. */
  digest: string;
  /** How many certificates each registered domain would need of one issuer, and had of it in the last seven days; the most first. */
  domains: { domain: string; issuer: string; members: number; issuedInWeek: number }[];
}

/** A campaign with its members, and how far each is. */
export interface ShownCampaign {
  campaign: CampaignRow;
  members: { row: MemberRow; progress: Progress | undefined; held: Held | undefined }[];
}

/** A campaign with counts of its lineages, wave by wave. */
export interface ListedCampaign {
  campaign: CampaignRow;
  counts: readonly MemberCount[];
}

export type CampaignAct = { act: 'pause' | 'resume' | 'abort' } | { act: 'skip'; member: number };

/** What people ask of campaigns; only the collector that leads takes them onward. */
export interface CampaignOperations {
  plan: (wish: CampaignWish) => Promise<Result<Planned, Refusal>>;
  /** Begins what `digest` names; where the fleet has another plan by now nothing is begun. */
  start: (
    wish: CampaignWish & { digest: string; reason: string; key: string | undefined },
    by: Actor,
  ) => Promise<Result<ShownCampaign, Refusal>>;
  /** Newest first; those whose id begins like this. No lineage of them is looked at. */
  list: (limit: number, idStart?: string) => Promise<ListedCampaign[]>;
  show: (id: string) => Promise<ShownCampaign | undefined>;
  act: (id: string, act: CampaignAct & { reason: string }, by: Actor) => Promise<Result<ShownCampaign, Refusal>>;
}

interface Needs {
  campaigns: Campaigns;
  estate: () => Promise<EstateNow>;
  /** A campaign was paused, goes on, or is over. */
  changed: () => void;
  now: () => number;
}

export function operateCampaigns({ campaigns, estate, changed, now }: Needs): CampaignOperations {
  const membersOf = keepMembers(campaigns);
  /** By campaign: what was seen at the last look. */
  const looks = new Map<string, { mark: string; at: number; seen: Promise<ShownCampaign> }>();
  let planning: Promise<unknown> = Promise.resolve();
  return { plan, start, list, show, act };

  /** One after the other: each looks at the whole fleet. */
  function plan(wish: CampaignWish): Promise<Result<Planned, Refusal>> {
    const planned = planning.then(() => planNow(wish));
    planning = planned.catch(() => undefined);
    return planned;
  }

  async function planNow({ selection, limits: wished }: CampaignWish): Promise<Result<Planned, Refusal>> {
    const mistake = mistakeInSelection(selection, now());
    if (mistake !== undefined) return refused(422, mistake);
    const current = await estate();
    const made = await inTurns(planSlices(campaignFleet(current), selection));
    if (made.members.length > mostLineages) made.cautions.push(tooMany);
    const limits = { ...usualLimits, ...wished };
    const issued = await issuedInWeek(current, now());
    made.cautions.push(...sameNamesCautions(made.members, limits, issued));
    return { ok: true, value: { plan: made, limits, digest: digestOf(made), domains: domainsOf(made, issued) } };
  }

  function domainsOf({ members }: CampaignPlan, issued: IssuedInWeek): Planned['domains'] {
    const needs = members.flatMap(({ names, issuer: name }) => {
      const issuer = organisationOf(name);
      return [...new Set(names.map(domainOf))].map((domain) => ({ domain, issuer }));
    });
    return [...Map.groupBy(needs, ({ domain, issuer }) => JSON.stringify([domain, issuer])).values()]
      .flatMap((same) =>
        same
          .slice(0, 1)
          .map((one) => ({ ...one, members: same.length, issuedInWeek: issued.below(one.domain, one.issuer) })),
      )
      .sort((one, other) => other.members - one.members || (one.domain < other.domain ? -1 : 1));
  }

  async function start(
    wish: Parameters<CampaignOperations['start']>[0],
    by: Actor,
  ): Promise<Result<ShownCampaign, Refusal>> {
    // Two people who happen to choose one key mean two campaigns.
    const key = wish.key === undefined ? undefined : `${by.via} ${by.actor} ${wish.key}`;
    // A lost answer is asked for again, and the fleet is another one by then.
    const before = key === undefined ? undefined : await campaigns.findByKey(key);
    if (before) return shown(before);
    const planned = await plan(wish);
    if (!planned.ok) return planned;
    const { plan: made, limits, digest } = planned.value;
    if (made.members.length === 0)
      return refused(422, 'nothing that fits can be replaced by an agent: the plan says why');
    if (made.members.length > mostLineages) return refused(422, tooMany);
    if (digest !== wish.digest)
      return refused(409, 'the fleet has changed since this was planned: look at the plan again');
    const id = randomUUID();
    const startedAt = now();
    const { selection, reason } = wish;
    const draft = { id, key, selection, limits, reason, startedBy: by.actor, via: by.via, startedAt };
    const detail = { ...selection, lineages: String(made.members.length), reason };
    const entry = { at: startedAt, ...by, action: 'campaign-started' as const, subject: id, detail };
    const kept = await campaigns.add(draft, made.members, entry);
    return kept.ok ? shown(kept.value) : notKept(kept.failure);
  }

  async function list(limit: number, idStart?: string): Promise<ListedCampaign[]> {
    const rows = await campaigns.list(limit, idStart);
    const counts = Map.groupBy(await campaigns.counts(rows.map(({ id }) => id)), (one) => one.campaign);
    return rows.map((campaign) => ({ campaign, counts: counts.get(campaign.id) ?? [] }));
  }

  async function show(id: string): Promise<ShownCampaign | undefined> {
    const row = await campaigns.find(id);
    return row && withMembers(row);
  }

  async function act(
    id: string,
    wish: CampaignAct & { reason: string },
    by: Actor,
  ): Promise<Result<ShownCampaign, Refusal>> {
    const campaign = await campaigns.find(id);
    if (!campaign) return refused(404, 'no such campaign: certherd-collector campaign list shows all');
    const kept = await change(campaign, wish, by);
    if (!('ok' in kept)) return { ok: false, failure: kept };
    if (!kept.ok) return notKept(kept.failure);
    if (!kept.value) return refused(409, `it is ${(await campaigns.find(id))?.state ?? 'gone'}: ${notFrom[wish.act]}`);
    changed();
    return shown(campaign);
  }

  async function change(
    { id, state }: CampaignRow,
    wish: CampaignAct & { reason: string },
    by: Actor,
  ): Promise<Kept<boolean> | Refusal> {
    const at = now();
    const { reason } = wish;
    const entry = (action: AuditAction, detail: Record<string, string> = {}) => ({
      at,
      ...by,
      action,
      subject: id,
      detail: { ...detail, reason },
    });
    const cause = `${by.actor}: ${reason}`;
    switch (wish.act) {
      case 'pause':
        return campaigns.move(id, ['running'], { state: 'paused', cause }, at, entry('campaign-paused'));
      case 'resume':
        return campaigns.resume(id, at, entry('campaign-resumed'));
      case 'abort':
        return campaigns.move(id, ['running', 'paused'], { state: 'aborted', cause }, at, entry('campaign-aborted'));
      default: {
        if (state !== 'running' && state !== 'paused') return { ok: true, value: false };
        const member = (await campaigns.members(id)).find(({ number }) => number === wish.member);
        if (!member) return { status: 404, detail: `it has no lineage number ${wish.member}` };
        if (member.state === 'served' || member.state === 'skipped')
          return { status: 409, detail: `number ${member.number} is ${member.state} already` };
        const { attempt, askedAt, hostName, lineage } = member;
        const to = { state: 'skipped', attempt, askedAt, cause } as const;
        return campaigns.moveMember(id, member, to, at, entry('campaign-member-skipped', { hostName, lineage }));
      }
    }
  }

  async function shown({ id }: CampaignRow): Promise<Result<ShownCampaign, Refusal>> {
    const found = await show(id);
    return found ? { ok: true, value: found } : refused(404, 'no such campaign');
  }

  async function withMembers(campaign: CampaignRow): Promise<ShownCampaign> {
    if (campaign.state === 'done' || campaign.state === 'aborted') {
      looks.delete(campaign.id);
      const rows = await campaigns.members(campaign.id);
      return { campaign, members: rows.map((row) => ({ row, progress: undefined, held: undefined })) };
    }
    const { mark: membersMark, rows } = await membersOf(campaign.id);
    const mark = JSON.stringify([membersMark, campaign.state, campaign.cause, campaign.changedAt]);
    const last = looks.get(campaign.id);
    if (last?.mark === mark && Math.abs(now() - last.at) < lookMs) return last.seen;
    const seen = lookAt(campaign, rows);
    looks.set(campaign.id, { mark, at: now(), seen });
    // A look that failed is made again.
    seen.catch(() => looks.delete(campaign.id));
    for (const oldest of [...looks.keys()].slice(0, -mostLooks)) looks.delete(oldest);
    return seen;
  }

  /** They hold back what is asked here, too. */
  async function membersElsewhere({ id: own }: CampaignRow): Promise<MemberRow[]> {
    const all: MemberRow[] = [];
    for (const { id } of await campaigns.open()) if (id !== own) all.push(...(await membersOf(id)).rows);
    return all;
  }

  async function lookAt(campaign: CampaignRow, rows: readonly MemberRow[]): Promise<ShownCampaign> {
    const current = await estate();
    const fleet = campaignFleet(current);
    const issued = await issuedInWeek(current, now());
    const progress = await progressOfAll(campaign, rows, fleet);
    const facts = {
      progress: (row: MemberRow) => progress.get(row.number) ?? progressOf(campaign, row, fleet),
      answer: () => undefined,
      domainOf,
      issued,
      elsewhere: await membersElsewhere(campaign),
    };
    const { held } = decideCampaign(campaign, rows, facts, now());
    return {
      campaign,
      members: rows.map((row) => ({ row, progress: progress.get(row.number), held: held.get(row.number) })),
    };
  }
}

/** However many ask, what is served is looked at once in this time; what became of a lineage is always told at once. */
const lookMs = 1_000;
const mostLooks = 16;
/** They are looked at again and again. */
const mostLineages = 5_000;
const tooMany = 'A campaign has at most 5,000 lineages: choose fewer, owner by owner for instance.';
/** Each takes some 50 µs. */
const slicesAtATime = 100;

async function inTurns<T>(slices: Generator<undefined, T>): Promise<T> {
  for (let taken = 1; ; taken++) {
    const { done, value } = slices.next();
    if (done) return value;
    if (taken % slicesAtATime === 0) await othersTurn();
  }
}

const notFrom: Readonly<Record<CampaignAct['act'], string>> = {
  pause: 'only one that runs can be paused',
  resume: 'only one that is paused can be resumed',
  abort: 'it is over already',
  skip: 'it is over, or that lineage has changed this moment: look again',
};

function digestOf({ members }: CampaignPlan): string {
  const identities = members.map(({ agentId, lineage, old, wave }) => [agentId, lineage, old, wave]);
  return createHash('sha256').update(JSON.stringify(identities)).digest('hex').slice(0, 32);
}

function refused(status: Refusal['status'], detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { status, detail } };
}

function notKept({ reason }: NotKept): { ok: false; failure: Refusal } {
  return refused(503, `nothing can be kept (${reason}): certherd-collector doctor says why`);
}
