import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import type { Caller } from '../access/caller.ts';
import { sendProblem } from '../problem.ts';
import { ifMatchOf, noCondition } from './condition.ts';
import type { ApiNeeds } from './needs.ts';

/** A route: the single source of how it is asked, answered, checked and documented. Who may have it is said in access/route-table.ts. */
export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for what `params` describes. */
  path: string;
  summary: string;
  query: TObject;
  params: TObject;
  /** What JSON it takes; undefined: no body. */
  body: TSchema | undefined;
  /** Of an answer that is no problem. */
  status: 200 | 201 | 202;
  /** JSON of this schema, or text of that media type. */
  answer: { schema: TSchema } | { mediaType: string; what: string };
  /** Statuses of problems that it may answer with, beside those that every route may. */
  problems: readonly (400 | 404 | 409 | 412 | 422)[];
  /** Changes only what was seen: If-Match (RFC 9110 13.1.1) names it, and what is other by now is a problem 412. */
  conditional: boolean;
  /** Bytes of a body. */
  bodyLimit: number;
  /** Its answers have an entity tag, and are 304 to whoever has them. */
  tagged: boolean;
  handle: (needs: ApiNeeds, request: FastifyRequest, reply: FastifyReply) => unknown;
}

type Usual = 'method' | 'status' | 'body' | 'tagged' | 'conditional' | 'bodyLimit';

interface Definition<Query extends TObject, Params extends TObject, Body extends TSchema>
  extends Omit<Route, 'handle' | Usual>,
    Partial<Pick<Route, Exclude<Usual, 'body'>>> {
  query: Query;
  params: Params;
  body?: Body;
  handle: (needs: ApiNeeds, asked: Asked<Query, Params, Body>, reply: FastifyReply) => unknown;
}

interface Asked<Query extends TObject, Params extends TObject, Body extends TSchema> {
  query: Static<Query>;
  params: Static<Params>;
  body: Static<Body>;
  headers: FastifyRequest['headers'];
  caller: Caller;
  request: FastifyRequest;
}

const usualLimit = 64 * 1024;

/** A route whose handling knows that what comes has been checked. GET, 200 and no body where it says nothing else. */
export function route<Query extends TObject, Params extends TObject, Body extends TSchema = TSchema>(
  definition: Definition<Query, Params, Body>,
): Route {
  const { method = 'GET', status = 200, tagged = false, body: bodySchema } = definition;
  const { conditional = false, bodyLimit = usualLimit } = definition;
  return {
    ...definition,
    method,
    status,
    tagged,
    conditional,
    bodyLimit,
    body: bodySchema,
    handle(needs, request, reply) {
      const { query, params, body, headers, caller } = request;
      // Fastify made numbers of what are numbers, and refused what does not fit.
      if (!Check(definition.query, query) || !Check(definition.params, params) || !isOf(bodySchema, body))
        throw new Error('what was asked was not checked');
      return definition.handle(needs, { query, params, body, headers, caller, request }, reply);
    },
  };
}

/** Registers routes as they are described; what does not fit the description is a problem before anything is read. */
export function addRoutes(app: FastifyInstance, routes: readonly Route[], needs: ApiNeeds): void {
  for (const { method, path, query, params, body: bodySchema, bodyLimit, conditional, status, handle } of routes)
    app.route({
      method,
      url: path,
      ...(bodySchema && { bodyLimit }),
      schema: { querystring: query, params },
      // HEAD of a stream would never end.
      exposeHeadRoute: method === 'GET' && path !== '/api/v1/live',
      attachValidation: true,
      handler: (request, reply) => {
        const { validationError, body } = request;
        if (validationError) return sendProblem(reply, 400, 'Bad request', `${validationError.message}.`);
        const mistake = bodySchema && mistakeIn(bodySchema, body);
        if (mistake !== undefined) return sendProblem(reply, 400, 'Bad request', mistake);
        if (conditional && ifMatchOf(request.headers) === '') return noCondition(reply);
        return handle(needs, request, reply.code(status));
      },
    });
}

/** Not by Fastify, which would make numbers of texts there, too. */
function mistakeIn(schema: TSchema, body: unknown): string | undefined {
  if (Check(schema, body)) return undefined;
  const [first] = Errors(schema, body);
  return `${first?.instancePath || 'body'}: ${first?.message ?? 'wrong'}`;
}

function isOf<Body extends TSchema>(schema: Body | undefined, body: unknown): body is Static<Body> {
  return schema === undefined || Check(schema, body);
}
