import Type from 'typebox';
import { answerRoutes } from './answers.ts';
import { apiPage } from './api-page.ts';
import { askingRoutes } from './asking.ts';
import { auditRoute } from './audit.ts';
import { historyRoute } from './history.ts';
import { joinRoute } from './joins.ts';
import { labelRoutes } from './labels.ts';
import { listedRoutes } from './listed.ts';
import { listRoutes } from './lists.ts';
import { campaignActions } from '../campaigns/actions.ts';
import { campaignRoutes } from '../campaigns/reads.ts';
import { meRoute } from './me.ts';
import { openApi } from './openapi.ts';
import { ownAccessRoutes } from './own-access.ts';
import { readRoutes } from './reads.ts';
import { type Route, route } from './route.ts';
import { userRoutes } from './users.ts';
import { wallRoute } from './wall.ts';
import { targetRoutes } from './targets.ts';

const none = Type.Object({}, { additionalProperties: false });

/** Every route below /api/v1: what is registered, checked and documented. */
export const routes: readonly Route[] = [
  ...listRoutes,
  ...readRoutes,
  ...askingRoutes,
  ...labelRoutes,
  ...listedRoutes,
  ...answerRoutes,
  ...targetRoutes,
  joinRoute,
  historyRoute,
  wallRoute,
  ...campaignRoutes,
  ...campaignActions,
  meRoute,
  auditRoute,
  ...ownAccessRoutes,
  ...userRoutes,
  route({
    path: '/api/v1/openapi.json',
    summary: 'This description.',
    query: none,
    params: none,
    answer: { schema: Type.Object({ openapi: Type.String() }) },
    problems: [],
    handle({ collector }, _, reply) {
      return reply.header('cache-control', 'private, no-cache').send(openApi(routes, collector.version));
    },
  }),
];

/** The same for people. */
export function apiPageOf(version: string): string {
  return apiPage(openApi(routes, version));
}
