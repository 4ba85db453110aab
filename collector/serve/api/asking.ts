import Type from 'typebox';
import { actorOf } from '../access/caller.ts';
import { AskBody } from '../action-bodies.ts';
import { sendProblem } from '../problem.ts';
import { requestView } from '../request-view.ts';
import { listOf } from './lists.ts';
import { type Route, route } from './route.ts';
import { Asked, RequestShown } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });
const usualWithinSeconds = 600;

/** What people ask of hosts, and what came of it. */
export const askingRoutes: readonly Route[] = [
  route({
    path: '/api/v1/requests',
    summary: 'What people asked of hosts, newest first.',
    query: Type.Object(
      { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
      { additionalProperties: false },
    ),
    params: none,
    answer: { schema: listOf(RequestShown) },
    problems: [400],
    async handle({ requests, now }, { query: { limit = 100 } }, reply) {
      const items = (await requests(limit)).map((row) => requestView(row, now()));
      const at = new Date(now()).toISOString();
      return reply.header('cache-control', 'no-store').send({ version: 1, at, items });
    },
  }),
  route({
    path: '/api/v1/requests/:id',
    summary: 'One of them, and what came of it until now.',
    query: none,
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
    answer: { schema: Asked },
    problems: [400, 404],
    async handle({ findRequest, now }, { params: { id } }, reply) {
      const found = await findRequest(id);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'There is no such request.');
      return reply.header('cache-control', 'no-store').send({ version: 1, ...requestView(found, now()) });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/requests',
    summary:
      'Asks something of a host: its agent does it, or refuses. The same key of the same person is the same request.',
    query: none,
    params: none,
    body: AskBody,
    status: 202,
    answer: { schema: Asked },
    problems: [400, 422],
    async handle({ ask, now }, { body, caller }, reply) {
      const { actor, via } = actorOf(caller);
      // Two people who happen to choose one key mean two requests.
      const key = `${via} ${actor} ${body.key}`;
      const wish = { ...body, key, requester: actor, via, withinSeconds: body.withinSeconds ?? usualWithinSeconds };
      const asked = await ask(wish);
      if (!asked.ok) return sendProblem(reply, 422, 'Cannot be asked', asked.failure);
      return reply.header('cache-control', 'no-store').send({ version: 1, ...requestView(asked.value, now()) });
    },
  }),
];
