import Type from 'typebox';
import { apiPage } from './api-page.ts';
import { historyRoute } from './history.ts';
import { listRoutes } from './lists.ts';
import { campaignRoutes } from '../campaigns/reads.ts';
import { openApi } from './openapi.ts';
import { readRoutes } from './reads.ts';
import { type Route, route } from './route.ts';

const none = Type.Object({}, { additionalProperties: false });

/** Every route below /api/v1 that reads: what is registered, checked and documented. */
export const routes: readonly Route[] = [
  ...listRoutes,
  ...readRoutes,
  historyRoute,
  ...campaignRoutes,
  route({
    path: '/api/v1/openapi.json',
    summary: 'This description.',
    query: none,
    params: none,
    answer: { schema: Type.Object({ openapi: Type.String() }) },
    problems: [],
    tagged: false,
    handle({ collector }, _, reply) {
      return reply.header('cache-control', 'private, no-cache').send(openApi(routes, collector.version));
    },
  }),
];

/** The same for people. */
export function apiPageOf(version: string): string {
  return apiPage(openApi(routes, version));
}
