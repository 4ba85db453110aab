import { haltedConcern } from '../evaluate/campaign/halted-concern.ts';
import type { ConcernedHost } from '../evaluate/concerns.ts';
import type { Campaigns } from '../store/campaigns.ts';
import type { Concern } from '../store/concern.ts';

/** What people should hear of campaigns: from rows, so that who takes over tells what is left. Where none paused itself no host is looked at. */
export async function haltedConcerns(
  campaigns: Pick<Campaigns, 'halted'>,
  hosts: Iterable<{ part: ConcernedHost }>,
): Promise<Concern[]> {
  const halted = await campaigns.halted();
  if (halted.length === 0) return [];
  const parts = new Map([...hosts].map(({ part }) => [part.host.agentId, part]));
  return halted.map((one) => haltedConcern(one, parts.get(one.member.agentId)));
}
