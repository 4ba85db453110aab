import { setImmediate as othersTurn } from 'node:timers/promises';
import { hostHistoryOf } from '../evaluate/history.ts';
import type { Change } from '../store/facts.ts';
import type { FindingSpanView, HistoryAnswer, ServingView } from './history-view.ts';

/** What history is read from. */
interface HistoryNeeds {
  /** Every host, as enrolled. */
  hosts: () => Promise<readonly { agentId: string; name: string }[]>;
  /** A host's history, oldest first. */
  changes: (agentId: string) => Promise<(Change & { at: number })[]>;
  /** Milliseconds since 1970. */
  now: () => number;
}

const dayMs = 86_400_000;
/** Of each list: the newest. */
const most = 20_000;
/** A page that many have open is read for once in this time. */
const keptMs = 15_000;

/** Every finding that stood within the last `days`, and every renewal on its way to the clients. */
export function keepHistory(needs: HistoryNeeds): (days: number) => Promise<HistoryAnswer> {
  let kept: { days: number; at: number; answer: Promise<HistoryAnswer> } | undefined;
  return (days) => {
    const now = needs.now();
    if (kept?.days === days && Math.abs(now - kept.at) < keptMs) return kept.answer;
    const asked = { days, at: now, answer: readHistory(needs, now, days) };
    kept = asked;
    asked.answer.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked.answer;
  };
}

/** A host at a time, and others in between: the history of a large fleet takes a while. */
async function readHistory({ hosts, changes }: HistoryNeeds, now: number, days: number): Promise<HistoryAnswer> {
  const since = now - days * dayMs;
  const findings: FindingSpanView[] = [];
  const servings: ServingView[] = [];
  for (const { agentId, name: hostName } of await hosts()) {
    const history = hostHistoryOf(await changes(agentId), since);
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
