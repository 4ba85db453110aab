import type { FastifyInstance } from 'fastify';
import type { Accounts } from '../store/accounts.ts';
import type { Me } from './action-bodies.ts';
import { auditView } from './audit-view.ts';
import { sendProblem } from './problem.ts';

/** Who asks, and for admins what was changed by whom. */
export function addAccountApi(
  app: FastifyInstance,
  { accounts, now }: { accounts: Accounts; now: () => number },
): void {
  app.get('/api/v1/me', async ({ caller }, reply) => {
    const { by, name, role, endsAt } = caller;
    const me: Me = {
      version: 1,
      ...(name !== undefined && role !== undefined && { name }),
      ...(role && { role }),
      by,
      ...(endsAt !== undefined && { endsAt: new Date(endsAt).toISOString() }),
    };
    return reply.header('cache-control', 'no-store').send(me);
  });

  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/audit', async ({ query }, reply) => {
    const before = wholeNumber(query['before']);
    const limit = wholeNumber(query['limit']) ?? 100;
    if (before === 'wrong' || limit === 'wrong' || limit < 1 || limit > 1000)
      return sendProblem(reply, 400, 'Bad query', 'before: the id of an entry; limit: a number from 1 to 1000');
    const items = (await accounts.audit(before, limit)).map(auditView);
    return reply.header('cache-control', 'no-store').send({
      version: 1,
      at: new Date(now()).toISOString(),
      items,
      ...(items.length === limit && { next: items.at(-1)?.id }),
    });
  });
}

function wholeNumber(value: unknown): number | undefined | 'wrong' {
  if (value === undefined) return undefined;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : 'wrong';
}
