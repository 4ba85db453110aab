import type { FastifyInstance } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import type { CampaignOperations } from '../../campaigns/operate.ts';
import type { Clock } from '../../ports.ts';
import { sendProblem } from '../problem.ts';
import { titleOf } from './actions.ts';
import { ActBody, actOf, PlanBody, StartBody } from './bodies.ts';
import { campaignAnswer, campaignListed, planAnswer } from './shown.ts';

const closed = { additionalProperties: false };
const actor = { actor: Type.String({ minLength: 1, maxLength: 256 }) };
const StartHere = Type.Object({ ...StartBody.properties, ...actor }, closed);
const ActHere = Type.Object({ ...ActBody.properties, ...actor }, closed);

export interface ControlCampaignNeeds {
  clock: Clock;
  campaigns: CampaignOperations;
}

/** What `certherd-collector campaign` asks of the serving process; `actor` is the account that typed it. */
export function addControlCampaigns(app: FastifyInstance, { clock, campaigns }: ControlCampaignNeeds): void {
  app.post('/campaign-plan', async ({ body }, reply) => {
    if (!Check(PlanBody, body)) return sendProblem(reply, 400, 'Bad request', mistakeIn(PlanBody, body));
    const planned = await campaigns.plan(body);
    if (!planned.ok) return sendProblem(reply, planned.failure.status, 'Cannot be planned', planned.failure.detail);
    return planAnswer(planned.value, body.selection, clock.now());
  });

  app.post('/campaigns', async ({ body }, reply) => {
    if (!Check(StartHere, body)) return sendProblem(reply, 400, 'Bad request', mistakeIn(StartHere, body));
    const { actor: by, limits = {}, ...wish } = body;
    const started = await campaigns.start({ ...wish, limits }, { actor: by, via: 'command' });
    if (started.ok) return campaignAnswer(started.value);
    return sendProblem(reply, started.failure.status, titleOf(started.failure), started.failure.detail);
  });

  app.get<{ Querystring: { id?: string } }>('/campaigns', async ({ query }) => ({
    version: 1,
    at: new Date(clock.now()).toISOString(),
    items: (await campaigns.list(100, query.id)).map(campaignListed),
  }));

  app.get<{ Params: { id: string } }>('/campaigns/:id', async ({ params }, reply) => {
    const found = await campaigns.show(params.id);
    if (found) return campaignAnswer(found);
    return sendProblem(reply, 404, 'Not Found', 'no such campaign: certherd-collector campaign list shows all');
  });

  app.post<{ Params: { id: string } }>('/campaigns/:id', async ({ body, params }, reply) => {
    if (!Check(ActHere, body)) return sendProblem(reply, 400, 'Bad request', mistakeIn(ActHere, body));
    const act = actOf(body);
    if (!act) return sendProblem(reply, 400, 'Bad request', 'the number of a lineage goes with skip alone');
    const by = { actor: body.actor, via: 'command' } as const;
    const done = await campaigns.act(params.id, { ...act, reason: body.reason }, by);
    if (done.ok) return campaignAnswer(done.value);
    return sendProblem(reply, done.failure.status, titleOf(done.failure), done.failure.detail);
  });
}

function mistakeIn(schema: TSchema, body: unknown): string {
  const [first] = Errors(schema, body);
  return `${first?.instancePath || 'body'}: ${first?.message ?? 'wrong'}`;
}
