import Type from 'typebox';
import { Me } from '../action-bodies.ts';
import { route } from './route.ts';

const none = Type.Object({}, { additionalProperties: false });

/** Who asks. */
export const meRoute = route({
  path: '/api/v1/me',
  summary: 'Who asks, and what that may do. Anybody may ask.',
  query: none,
  params: none,
  answer: { schema: Me },
  problems: [],
  async handle(_, { caller: { by, name, role, endsAt } }, reply) {
    const me: Me = {
      version: 1,
      ...(name !== undefined && role !== undefined && { name }),
      ...(role && { role }),
      by,
      ...(endsAt !== undefined && { endsAt: new Date(endsAt).toISOString() }),
    };
    return reply.header('cache-control', 'no-store').send(me);
  },
});
