import { setImmediate as othersTurn } from 'node:timers/promises';
import { hostHistoryOf } from '../evaluate/history.ts';
import type { Change } from '../store/facts.ts';
import type { FindingSpanView, HistoryAnswer, ServingView } from './history-view.ts';

/** What history is read from. */
interface HistoryNeeds {
  /** Every host, as enrolled. */
  hosts: () => Promise<readonly { agentId: string; name: string }[]>;
  /** A host's history since an instant (milliseconds since 1970), oldest first, with the last row before it of each subject and kind. */
  changes: (agentId: string, since: number) => Promise<(Change & { at: number })[]>;
  /** Milliseconds since 1970. */
  now: () => number;
}

const dayMs = 86_400_000;
/** Of each list: the newest. */
const most = 20_000;
/** A page that many have open is read for once in this time. */
const keptMs = 15_000;

/** Spans that different pages ask for. */
const mostKept = 8;

/** Every finding that stood within the last `days`, and every renewal on its way to the clients. One is read at a time. */
export function keepHistory(needs: HistoryNeeds): (days: number) => Promise<HistoryAnswer> {
  const kept = new Map<number, { at: number; answer: Promise<HistoryAnswer> }>();
  let last: Promise<unknown> = Promise.resolve();
  return (days) => {
    const now = needs.now();
    const known = kept.get(days);
    if (known && Math.abs(now - known.at) < keptMs) return known.answer;
    const answer = last.then(() => readHistory(needs, needs.now(), days));
    const asked = { at: now, answer };
    kept.delete(days);
    kept.set(days, asked);
    for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
    last = answer.catch(() => {
      if (kept.get(days) === asked) kept.delete(days);
    });
    return answer;
  };
}

/** A host at a time, and others in between: the history of a large fleet takes a while. */
async function readHistory({ hosts, changes }: HistoryNeeds, now: number, days: number): Promise<HistoryAnswer> {
  const since = now - days * dayMs;
  const findings: FindingSpanView[] = [];
  const servings: ServingView[] = [];
  for (const { agentId, name: hostName } of await hosts()) {
    const history = hostHistoryOf(await changes(agentId, since), since);
    for (const { from, until, ...finding } of history.findings)
      findings.push({ agentId, hostName, ...finding, from: instant(from), ...(until && { until: instant(until) }) });
    for (const { issuedAt, servedAt, ...serving } of history.servings)
      servings.push({
        agentId,
        hostName,
        ...serving,
        issuedAt: instant(issuedAt),
        ...(servedAt && { servedAt: instant(servedAt) }),
      });
    await othersTurn();
  }
  return {
    version: 1,
    at: instant(now),
    since: instant(since),
    complete: findings.length <= most && servings.length <= most,
    findings: newest(findings, ({ from }) => from),
    servings: newest(servings, ({ issuedAt }) => issuedAt),
  };
}

/** Newest first. */
function newest<T>(items: readonly T[], at: (item: T) => string): T[] {
  return items.toSorted((one, other) => (at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : 0)).slice(0, most);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
