import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { sendProblem } from '../problem.ts';
import type { ApiNeeds } from './needs.ts';

/** A route that reads: the single source of how it is asked, answered, checked and documented. */
export interface Route {
  /** With `:name` for what `params` describes. */
  path: string;
  summary: string;
  query: TObject;
  params: TObject;
  /** JSON of this schema, or text of that media type. */
  answer: { schema: TSchema } | { mediaType: string; what: string };
  /** Statuses of problems that it may answer with, beside those that every route may. */
  problems: readonly (400 | 404)[];
  /** Its answers have an entity tag, and are 304 to whoever has them. */
  tagged: boolean;
  handle: (needs: ApiNeeds, request: FastifyRequest, reply: FastifyReply) => unknown;
}

interface Definition<Query extends TObject, Params extends TObject> extends Omit<Route, 'handle'> {
  query: Query;
  params: Params;
  handle: (needs: ApiNeeds, asked: Asked<Query, Params>, reply: FastifyReply) => unknown;
}

interface Asked<Query extends TObject, Params extends TObject> {
  query: Static<Query>;
  params: Static<Params>;
  headers: FastifyRequest['headers'];
}

/** A route whose handling knows that what comes has been checked. */
export function route<Query extends TObject, Params extends TObject>(definition: Definition<Query, Params>): Route {
  return {
    ...definition,
    handle(needs, { query, params, headers }, reply) {
      // Fastify made numbers of what are numbers, and refused what does not fit.
      if (!Check(definition.query, query) || !Check(definition.params, params))
        throw new Error('what was asked was not checked');
      return definition.handle(needs, { query, params, headers }, reply);
    },
  };
}

/** Registers routes as they are described; what does not fit the description is a problem before anything is read. */
export function addRoutes(app: FastifyInstance, routes: readonly Route[], needs: ApiNeeds): void {
  for (const { path, query, params, handle } of routes)
    app.get(path, {
      schema: { querystring: query, params },
      // HEAD of a stream would never end.
      exposeHeadRoute: path !== '/api/v1/live',
      attachValidation: true,
      handler: (request, reply) => {
        const { validationError } = request;
        if (validationError) return sendProblem(reply, 400, 'Bad request', `${validationError.message}.`);
        return handle(needs, request, reply);
      },
    });
}
