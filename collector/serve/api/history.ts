import Type from 'typebox';
import { HistoryAnswer } from '../history-view.ts';
import { route } from './route.ts';

const closed = { additionalProperties: false };

/** What pages about time draw. */
export const historyRoute = route({
  path: '/api/v1/history',
  summary:
    'What stood in the last days, and how renewed certificates reached the clients: newest first, at most 20,000 of each.',
  query: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 730, default: 28 })) }, closed),
  params: Type.Object({}, closed),
  answer: { schema: HistoryAnswer },
  problems: [400],
  async handle({ history }, { query: { days = 28 } }, reply) {
    return reply.header('cache-control', 'no-store').send(await history(days));
  },
});
