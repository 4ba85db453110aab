import Type from 'typebox';
import { parseAuthority } from '../../authority.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf } from '../access/caller.ts';
import { TokenBody } from '../action-bodies.ts';
import { sendProblem } from '../problem.ts';
import { mistakeInLabels } from './labels.ts';
import { route } from './route.ts';
import { Joined } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });
const usualLifeSeconds = 3_600;

/** Lets one host in. */
export const joinRoute = route({
  method: 'POST',
  path: '/api/v1/tokens',
  summary: 'Makes a join string with which one host enrols: `certherd-agent enroll JOIN`. It is told this once.',
  query: none,
  params: none,
  body: TokenBody,
  status: 201,
  answer: { schema: Joined },
  problems: [400, 422],
  async handle({ makeJoin, now }, { body, caller }, reply) {
    const given = body.url === undefined ? undefined : parseAuthority(body.url);
    if (body.url !== undefined && !(given && given.port > 0))
      return sendProblem(reply, 422, 'Cannot be made', 'url: expected HOST:PORT, as collector.example:8443');
    const mistake = mistakeInLabels(body.labels ?? {});
    if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be made', mistake);
    const by = actorOf(caller);
    const at = now();
    const lifeMs = (body.lifeSeconds ?? usualLifeSeconds) * 1000;
    const labels = body.labels && { by: by.actor, values: body.labels };
    const made = await makeJoin({ given, lifeMs, labels, at, by });
    if (!made.ok)
      return typeof made.failure === 'string'
        ? sendProblem(reply, 422, 'Cannot be made', made.failure)
        : notKept(reply);
    const expiresAt = new Date(at + lifeMs).toISOString();
    return reply.header('cache-control', 'no-store').send({ version: 1, join: made.value, expiresAt });
  },
});
