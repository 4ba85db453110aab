import type { FastifyInstance } from 'fastify';
import { Check, Errors } from 'typebox/value';
import type { TSchema } from 'typebox';
import type { CampaignOperations, Refusal } from '../../campaigns/operate.ts';
import { actorOf } from '../access/caller.ts';
import { sendProblem } from '../problem.ts';
import { ActBody, actOf, StartBody } from './bodies.ts';
import { campaignAnswer } from './shown.ts';

const bodyLimit = 64 * 1024;

/** What an operator does with campaigns on the page: JSON in, JSON out. */
export function addCampaignActions(app: FastifyInstance, { campaigns }: { campaigns: CampaignOperations }): void {
  app.post('/api/v1/campaigns', { bodyLimit }, async ({ body, caller }, reply) => {
    if (!Check(StartBody, body)) return sendProblem(reply, 400, 'Bad request', mistakeIn(StartBody, body));
    const started = await campaigns.start({ ...body, limits: body.limits ?? {} }, actorOf(caller));
    if (!started.ok)
      return sendProblem(reply, started.failure.status, titleOf(started.failure), started.failure.detail);
    return reply.code(201).header('cache-control', 'no-store').send(campaignAnswer(started.value));
  });

  app.post<{ Params: { id: string } }>(
    '/api/v1/campaigns/:id',
    { bodyLimit },
    async ({ body, caller, params }, reply) => {
      if (!Check(ActBody, body)) return sendProblem(reply, 400, 'Bad request', mistakeIn(ActBody, body));
      const act = actOf(body);
      if (!act) return sendProblem(reply, 400, 'Bad request', 'member: the number of a lineage goes with skip alone.');
      const done = await campaigns.act(params.id, { ...act, reason: body.reason }, actorOf(caller));
      if (!done.ok) return sendProblem(reply, done.failure.status, titleOf(done.failure), done.failure.detail);
      return reply.header('cache-control', 'no-store').send(campaignAnswer(done.value));
    },
  );
}

export function mistakeIn(schema: TSchema, body: unknown): string {
  const [first] = Errors(schema, body);
  return `${first?.instancePath || 'body'}: ${first?.message ?? 'wrong'}`;
}

export function titleOf({ status }: Refusal): string {
  return { 404: 'Not Found', 409: 'Conflict', 422: 'Cannot be done', 503: 'Service Unavailable' }[status];
}
