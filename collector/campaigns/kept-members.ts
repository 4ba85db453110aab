import type { Campaigns, MemberRow } from '../store/campaigns.ts';

/** Members as they are, with a mark that is another one whenever they are. */
interface KeptMembers {
  mark: string;
  rows: readonly MemberRow[];
}

/** More campaigns than are open at the same time; what was read of others is read again. */
const mostKept = 16;

/** Reads a campaign's members only where one of them changed since: they are thousands, and are looked at every two seconds. */
export function keepMembers(
  campaigns: Pick<Campaigns, 'members' | 'membersMark'>,
): (id: string) => Promise<KeptMembers> {
  const kept = new Map<string, KeptMembers>();
  return async (id) => {
    // Before the rows: what changes in between is read again the next time.
    const mark = await campaigns.membersMark(id);
    const before = kept.get(id);
    kept.delete(id);
    const now = before?.mark === mark ? before : { mark, rows: await campaigns.members(id) };
    kept.set(id, now);
    for (const oldest of [...kept.keys()].slice(0, -mostKept)) kept.delete(oldest);
    return now;
  };
}
