import type { CampaignRow, HaltedCampaign } from '../../store/campaigns.ts';
import type { Concern } from '../../store/concern.ts';
import type { HaltedCode } from '../explanations.ts';
import { partlyOf, shared } from '../shared-labels.ts';
import { concernedBy } from '../concerned-endpoints.ts';
import type { ConcernedHost, ToldFinding } from '../concerns.ts';

export type HaltedConcern = Concern & { code: HaltedCode; life: NonNullable<Concern['life']> };

/** As concerns have names. */
const mostNames = 20;

/**
 * That a campaign paused itself concerns whoever the lineage belongs to whose failure did it; `host`: the one that has it, if it is still there. Each pause is
 * a concern of its own, and stays until a person says that the campaign goes on or is over, whatever becomes of the lineage. Pure.
 */
export function haltedConcern({ campaign, member }: HaltedCampaign, host: ConcernedHost | undefined): HaltedConcern {
  const id = campaign.id.slice(0, 8);
  const { agentId, hostName, lineage, owner, names, notBefore, notAfter } = member;
  const code: HaltedCode = 'campaign-paused';
  const key = JSON.stringify(['', code, 'campaign', campaign.id, campaign.changedAt]);
  return {
    key,
    code,
    severity: 'warning',
    agentId,
    hostName,
    subject: { kind: 'lineage', id: lineage },
    since: new Date(campaign.changedAt).toISOString(),
    cause: `Campaign ${id} (${campaign.reason}), started by ${campaign.startedBy}, paused itself: ${campaign.cause}`,
    remedy: `Mend what failed; then certherd-collector campaign resume ${id} --reason WHY lets it go on, and certherd-collector campaign show ${id} says how far it is.`,
    causeId: key,
    names: names.slice(0, mostNames),
    ...(host ? ownedBy(lineage, host) : { labels: owner === undefined ? {} : { owner } }),
    life: { notBefore, notAfter },
  };
}

/**
 * The same for who looks by themselves: a finding of no host, since no host can do anything about it. Who started it is among the evidence: a cause is shown
 * on the wall, to whoever comes.
 */
export function haltedFinding(
  concern: HaltedConcern,
  { id, reason, startedBy, cause }: CampaignRow,
): ToldFinding & { code: HaltedCode; names: string[] } {
  const { code, severity, hostName, subject, since, remedy, names, labels, life } = concern;
  return {
    agentId: '',
    hostName,
    code,
    severity,
    subject,
    since,
    cause: `Campaign ${id.slice(0, 8)} (${reason}) paused itself: ${cause}`,
    remedy,
    evidence: { campaign: id, startedBy },
    stale: false,
    names: [...names],
    labels: { ...labels },
    life,
  };
}

/** Of the endpoints that serve it; where there are none, of the host. */
function ownedBy(lineage: string, { host, endpoints, lineages }: ConcernedHost): Pick<Concern, 'labels' | 'partly'> {
  const concerned = endpoints.filter(concernedBy({ kind: 'lineage', id: lineage }, lineages));
  const labels = shared(concerned) ?? host.labels ?? {};
  const partly = partlyOf(concerned, labels);
  return { labels, ...(partly && { partly }) };
}
