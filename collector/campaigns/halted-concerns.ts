import { haltedConcern, haltedFinding } from '../evaluate/campaign/halted-concern.ts';
import type { ConcernedHost } from '../evaluate/concerns.ts';
import type { Campaigns } from '../store/campaigns.ts';
import type { Concern } from '../store/concern.ts';

type Hosts = Iterable<{ part: ConcernedHost }>;

/** What people should hear of campaigns: from rows, so that who takes over tells what is left. Where none paused itself no host is looked at. */
export async function haltedConcerns(campaigns: Pick<Campaigns, 'halted'>, hosts: Hosts): Promise<Concern[]> {
  return (await haltedOn(campaigns, hosts)).map(([, concern]) => concern);
}

/** The same as findings, for the page and everybody else who looks. */
export async function haltedFindings(campaigns: Pick<Campaigns, 'halted'>, hosts: Hosts): Promise<HaltedFinding[]> {
  return (await haltedOn(campaigns, hosts)).map(([{ campaign }, concern]) => haltedFinding(concern, campaign));
}

export type HaltedFinding = ReturnType<typeof haltedFinding>;

async function haltedOn(campaigns: Pick<Campaigns, 'halted'>, hosts: Hosts) {
  const halted = await campaigns.halted();
  if (halted.length === 0) return [];
  const parts = new Map([...hosts].map(({ part }) => [part.host.agentId, part]));
  return halted.map((one) => [one, haltedConcern(one, parts.get(one.member.agentId))] as const);
}
