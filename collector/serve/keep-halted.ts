import { haltedFindings } from '../campaigns/halted-concerns.ts';
import type { ConcernedHost } from '../evaluate/concerns.ts';
import type { Clock } from '../ports.ts';
import type { Store } from '../store/store.ts';
import type { FindingView } from './estate.ts';

/** Whoever leads pauses campaigns, and need not be this collector: their rows are looked at this often. */
const everyMs = 3_000;

/** Campaigns that wait for a person, by a look that is no older than that. */
export function keepHalted(
  campaigns: Pick<Store['campaigns'], 'halted'>,
  clock: Clock,
): (hosts: Iterable<{ part: ConcernedHost }>) => Promise<readonly FindingView[]> {
  let last: { at: number; found: readonly FindingView[] } | undefined;
  return async (hosts) => {
    if (!last || clock.monotonic() - last.at >= everyMs)
      last = { at: clock.monotonic(), found: await haltedFindings(campaigns, hosts) };
    return last.found;
  };
}
