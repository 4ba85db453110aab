import { setImmediate as othersTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { hostHistoryOf } from '../evaluate/history.ts';
import type { Change } from '../store/facts.ts';
import type { FindingSpanView, HistoryAnswer, ServingView } from './history-view.ts';
import { sendProblem } from './problem.ts';

/** What the route reads from. */
export interface HistoryNeeds {
  /** Of every host, as enrolled. */
  hostNames: () => Promise<readonly { agentId: string; name: string }[]>;
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

/** GET /api/v1/history?days=N: every finding that stood within the last N days, and every renewal on its way to the clients. */
export function addHistory(app: FastifyInstance, needs: HistoryNeeds): void {
  const kept = new Map<number, { at: number; answer: Promise<HistoryAnswer> }>();
  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/history', async ({ query }, reply) => {
    const days = daysOf(query['days']);
    if (days === undefined) return sendProblem(reply, 400, 'Bad query', 'days: a number from 1 to 730');
    const now = needs.now();
    const last = kept.get(days);
    const isFresh = last !== undefined && Math.abs(now - last.at) < keptMs;
    const answer = isFresh ? last.answer : readHistory(needs, now, days);
    if (!isFresh) {
      kept.clear();
      kept.set(days, { at: now, answer });
      answer.catch(() => kept.delete(days));
    }
    return reply.header('cache-control', 'no-store').send(await answer);
  });
}

/** A host at a time, and others in between: the history of a large fleet takes a while. */
async function readHistory({ hostNames, changes }: HistoryNeeds, now: number, days: number): Promise<HistoryAnswer> {
  const since = now - days * dayMs;
  const findings: FindingSpanView[] = [];
  const servings: ServingView[] = [];
  for (const { agentId, name: hostName } of await hostNames()) {
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

function daysOf(value: unknown): number | undefined {
  if (value === undefined) return 28;
  const days = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  return days >= 1 && days <= 730 ? days : undefined;
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
