import { RequestedVerb } from '@certherd/protocol/frame';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { Check, Errors } from 'typebox/value';
import type { Result } from '@certherd/protocol/failure';
import type { Clock } from '../ports.ts';
import type { Actor } from '../store/accounts.ts';
import type { RequestRow } from '../store/requests.ts';
import { sendProblem } from './problem.ts';
import { requestView } from './request-view.ts';

/** The body of POST /requests. */
const Asked = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 1024 }),
    verb: RequestedVerb,
    subject: Type.Optional(Type.String({ maxLength: 9000 })),
    requester: Type.String({ minLength: 1, maxLength: 256 }),
    reason: Type.String({ minLength: 1, maxLength: 1000 }),
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    withinSeconds: Type.Number({ minimum: 1, maximum: 86_400 }),
  },
  { additionalProperties: false },
);

export interface ControlRequestNeeds {
  clock: Clock;
  requests: {
    ask: (wish: Static<typeof Asked> & Pick<Actor, 'via'>) => Promise<Result<RequestRow, string>>;
    find: (id: string) => Promise<RequestRow | undefined>;
  };
}

/** POST /requests asks something of a host; GET /requests/ID tells what came of it. */
export function addRequests(app: FastifyInstance, { clock, requests }: ControlRequestNeeds): void {
  app.post('/requests', async ({ body }, reply) => {
    if (!Check(Asked, body)) {
      const [first] = Errors(Asked, body);
      return sendProblem(reply, 400, 'Bad request', `${first?.instancePath || 'body'}: ${first?.message ?? 'wrong'}`);
    }
    const asked = await requests.ask({ ...body, via: 'command' });
    if (!asked.ok) return sendProblem(reply, 422, 'Cannot be asked', asked.failure);
    return requestView(asked.value, clock.now());
  });
  app.get<{ Params: { id: string } }>('/requests/:id', async ({ params }, reply) => {
    const found = await requests.find(params.id);
    return found
      ? reply.send(requestView(found, clock.now()))
      : sendProblem(reply, 404, 'Not Found', 'No such request.');
  });
}
