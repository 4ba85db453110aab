import Type from 'typebox';
import { type Route, route } from '../api/route.ts';
import { sendProblem } from '../problem.ts';
import { campaignAnswer, campaignListed, planAnswer } from './shown.ts';
import { CampaignAnswer, CampaignsAnswer, PlanAnswer, selectionWords } from './views.ts';

const closed = { additionalProperties: false };
const none = Type.Object({}, closed);

/** What campaigns there are, and what one would do. */
export const campaignRoutes: readonly Route[] = [
  route({
    path: '/api/v1/campaigns',
    summary: 'Campaigns, the newest first, with what of each is served.',
    query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })) }, closed),
    params: none,
    answer: { schema: CampaignsAnswer },
    problems: [400],
    async handle({ campaigns, now }, { query: { limit = 20 } }, reply) {
      const items = (await campaigns.list(limit)).map(campaignListed);
      const body = { version: 1, at: new Date(now()).toISOString(), items };
      return reply.header('cache-control', 'no-store').send(body);
    },
  }),
  route({
    path: '/api/v1/campaigns/:id',
    summary: 'One campaign, with every lineage and what is served where it was.',
    query: none,
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    answer: { schema: CampaignAnswer },
    problems: [404],
    async handle({ campaigns }, { params: { id } }, reply) {
      const found = await campaigns.show(id);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'No such campaign.');
      return reply.header('cache-control', 'no-store').send(campaignAnswer(found));
    },
  }),
  route({
    path: '/api/v1/campaign-plan',
    summary: 'What a campaign would replace, in which waves, and what no agent can replace and why. Nothing is begun.',
    query: Type.Object(selectionWords, closed),
    params: none,
    answer: { schema: PlanAnswer },
    problems: [400],
    async handle({ campaigns, now }, { query }, reply) {
      const planned = await campaigns.plan({ selection: query, limits: {} });
      if (!planned.ok) return sendProblem(reply, 400, 'Cannot be planned', planned.failure.detail);
      return reply.header('cache-control', 'no-store').send(planAnswer(planned.value, query, now()));
    },
  }),
];
