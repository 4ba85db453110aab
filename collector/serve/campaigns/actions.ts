import Type from 'typebox';
import type { Refusal } from '../../campaigns/operate.ts';
import { actorOf } from '../access/caller.ts';
import { type Route, route } from '../api/route.ts';
import { sendProblem } from '../problem.ts';
import { ActBody, actOf, StartBody } from './bodies.ts';
import { campaignAnswer } from './shown.ts';
import { CampaignAnswer } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });

/** What an operator does with campaigns. */
export const campaignActions: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/campaigns',
    summary: 'Begins the campaign that was planned. The same key of the same person is the same campaign.',
    query: none,
    params: none,
    body: StartBody,
    status: 201,
    answer: { schema: CampaignAnswer },
    problems: [400, 409, 422],
    async handle({ campaigns }, { body, caller }, reply) {
      const started = await campaigns.start({ ...body, limits: body.limits ?? {} }, actorOf(caller));
      if (started.ok) return reply.header('cache-control', 'no-store').send(campaignAnswer(started.value));
      return sendProblem(reply, started.failure.status, titleOf(started.failure), started.failure.detail);
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/campaigns/:id',
    summary: 'Pauses, resumes or aborts a campaign, or leaves one lineage of it out.',
    query: none,
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: ActBody,
    answer: { schema: CampaignAnswer },
    problems: [400, 404, 409],
    async handle({ campaigns }, { params, body, caller }, reply) {
      const act = actOf(body);
      if (!act) return sendProblem(reply, 400, 'Bad request', 'member: the number of a lineage goes with skip alone.');
      const done = await campaigns.act(params.id, { ...act, reason: body.reason }, actorOf(caller));
      if (done.ok) return reply.header('cache-control', 'no-store').send(campaignAnswer(done.value));
      return sendProblem(reply, done.failure.status, titleOf(done.failure), done.failure.detail);
    },
  }),
];

export function titleOf({ status }: Refusal): string {
  return { 404: 'Not Found', 409: 'Conflict', 422: 'Cannot be done', 503: 'Service Unavailable' }[status];
}
