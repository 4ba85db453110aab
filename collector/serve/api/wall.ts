import Type from 'typebox';
import { WallView } from '../wall-view.ts';
import { route } from './route.ts';

const none = Type.Object({}, { additionalProperties: false });

/** What a screen on a wall reads. */
export const wallRoute = route({
  path: '/api/v1/wall',
  summary:
    'What a screen on a wall shows. It is made anew every two seconds at most. With `web_anonymous = "wall"` anybody may ask.',
  query: none,
  params: none,
  answer: { schema: WallView },
  problems: [],
  handle: async ({ wall }, _, reply) => reply.header('cache-control', 'no-store').send(await wall()),
});
