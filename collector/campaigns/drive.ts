import type { Result } from '@certherd/protocol/failure';
import { type CampaignStep, decideCampaign } from '../evaluate/campaign/decide.ts';
import { progressOf } from '../evaluate/campaign/progress.ts';
import { keepLooking } from '../keep-looking.ts';
import type { Clock, Log } from '../ports.ts';
import type { Requests } from '../requests.ts';
import type { EstateNow } from '../serve/kept-estate.ts';
import type { CampaignRow, Campaigns, MemberRow } from '../store/campaigns.ts';
import type { Kept } from '../store/kept.ts';
import type { RequestRow } from '../store/requests.ts';
import { campaignFleet, domainOf, issuedInWeek, progressOfAll } from './fleet.ts';
import { keepMembers } from './kept-members.ts';

interface Needs {
  campaigns: Campaigns;
  estate: () => Promise<EstateNow>;
  requests: Pick<Requests, 'ask' | 'find'>;
  /** A campaign paused itself, or is done. */
  changed: () => void;
  clock: Clock;
  log: Log;
}

const lookMs = 2_000;

/**
 * Takes every open campaign onward for as long as this collector leads: each step is a change of a row, from what the row was, before anything is
 * asked. Whoever leads next finds what was asked, or was about to be, and asks it under the same key: a host does it once. Returns what stops it.
 */
export function driveCampaigns({ campaigns, estate, requests, changed, clock, log }: Needs): () => void {
  const membersOf = keepMembers(campaigns);
  const looking = keepLooking({ clock, log }, lookMs, lookAtAll, 'campaigns cannot be read: trying again');
  return looking.stop;

  async function lookAtAll(): Promise<void> {
    const open = await campaigns.open();
    if (open.length === 0) return;
    const members = new Map<string, readonly MemberRow[]>();
    for (const { id } of open) members.set(id, (await membersOf(id)).rows);
    const now = await estate();
    const fleet = campaignFleet(now);
    const issued = await issuedInWeek(now, clock.now());
    for (const campaign of open) {
      const own = members.get(campaign.id) ?? [];
      const answers = await answersTo(campaign, own);
      const left = own.filter(({ state }) => state !== 'served' && state !== 'skipped');
      const progress = await progressOfAll(campaign, left, fleet);
      const facts = {
        progress: (member: MemberRow) => progress.get(member.number) ?? progressOf(campaign, member, fleet),
        answer: ({ number }: MemberRow) => answers.get(number)?.answer,
        domainOf,
        issued,
        elsewhere: open.flatMap(({ id }) => (id === campaign.id ? [] : (members.get(id) ?? []))),
      };
      const { steps } = decideCampaign(campaign, own, facts, clock.now());
      for (const step of steps) if (!looking.isStopped()) await take(campaign, step);
      if (steps.length > 0) members.set(campaign.id, (await membersOf(campaign.id)).rows);
    }
  }

  /** What came of each that was asked for; what was written down and not asked for any more is asked now, if the campaign still runs. */
  async function answersTo(campaign: CampaignRow, members: readonly MemberRow[]): Promise<Map<number, RequestRow>> {
    const answers = new Map<number, RequestRow>();
    for (const member of members) {
      if (member.state !== 'asked' || looking.isStopped()) continue;
      const request = member.request === undefined ? await ask(campaign, member) : await requests.find(member.request);
      if (request) answers.set(member.number, request);
    }
    return answers;
  }

  async function take(campaign: CampaignRow, step: CampaignStep): Promise<void> {
    const { id } = campaign;
    const at = clock.now();
    if (step.do === 'end' || step.do === 'pause') {
      const to =
        step.do === 'end'
          ? ({ state: 'done', cause: undefined } as const)
          : ({ state: 'paused', cause: step.cause, haltedBy: step.haltedBy } as const);
      const kept = await campaigns.move(id, step.do === 'end' ? ['running', 'paused'] : ['running'], to, at);
      if (!isDone(kept, id)) return;
      log[step.do === 'end' ? 'info' : 'warn']({ campaign: id, cause: to.cause }, `a campaign is ${to.state}`);
      changed();
      return;
    }
    const { member } = step;
    const { askedAt, attempt, hostName, lineage } = member;
    if (step.do === 'ask') {
      const asked = { ...member, state: 'asked', attempt: attempt + 1, askedAt: at, cause: undefined } as const;
      if (isDone(await campaigns.moveMember(id, member, asked, at), id)) await ask(campaign, asked);
      return;
    }
    const to = step.do === 'serve' ? ({ state: 'served' } as const) : ({ state: 'failed', cause: step.cause } as const);
    const moved = { attempt, askedAt, cause: undefined, ...to };
    if (isDone(await campaigns.moveMember(id, member, moved, at), id))
      log.info({ campaign: id, hostName, lineage, ...to }, 'a lineage of a campaign is settled');
  }

  async function ask(campaign: CampaignRow, member: MemberRow): Promise<RequestRow | undefined> {
    const { id, startedBy, via, reason, limits } = campaign;
    const { agentId, lineage, number, attempt, askedAt = clock.now() } = member;
    const from = { number, state: 'asked', attempt } as const;
    // It may have been paused or ended since it was decided: then this attempt is still to be made.
    if ((await campaigns.find(id))?.state !== 'running') {
      const waits = { state: 'waiting', attempt: attempt - 1, askedAt, cause: undefined } as const;
      isDone(await campaigns.moveMember(id, from, waits, clock.now()), id);
      return undefined;
    }
    const endsAt = askedAt + limits.deadlineSeconds * 1000;
    const asked: Result<RequestRow, string> = await requests.ask({
      host: agentId,
      verb: 'renew',
      subject: lineage,
      requester: startedBy,
      reason: `campaign ${id.slice(0, 8)}: ${reason}`,
      key: `campaign ${id} ${number} ${attempt}`,
      withinSeconds: Math.max(1, (endsAt - clock.now()) / 1000),
      via,
    });
    if (asked.ok) {
      isDone(await campaigns.noteRequest(id, member, asked.value.id), id);
      return asked.value;
    }
    // Where nothing can be kept this is not either: then it is asked again, under the same key.
    const failed = { state: 'failed', attempt, askedAt, cause: `it could not be asked: ${asked.failure}` } as const;
    isDone(await campaigns.moveMember(id, from, failed, clock.now()), id);
    return undefined;
  }

  /** False: somebody else was first, or nothing can be kept, and the next look finds what is there. */
  function isDone(kept: Kept<boolean>, campaign: string): boolean {
    if (!kept.ok) log.warn({ campaign, ...kept.failure }, 'a step of a campaign is not kept: trying again');
    return kept.ok && kept.value;
  }
}
