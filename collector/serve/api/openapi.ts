import type { TObject, TSchema } from 'typebox';
import {
  CertificateView,
  EndpointView,
  Estate,
  EventView,
  FindingView,
  HostView,
  LineageView,
  ListedView,
} from '../estate.ts';
import { EstateChange } from '../estate-change.ts';
import { routeTable } from '../access/route-table.ts';
import { ApiTokenBody, ApiTokenView, SessionView, UserBody, UserChangeBody, UserView } from '../account-bodies.ts';
import { AskBody, LabelBody, Me, TokenBody, UnlabelBody } from '../action-bodies.ts';
import { RuleBody, SilenceBody, TargetBody } from '../inventory-bodies.ts';
import { ImportCheck, IncidentView, SilenceView } from './inventory-views.ts';
import { WallView } from '../wall-view.ts';
import type { Route } from './route.ts';
import { AuditView, LabelView, Problem, RequestShown, RestorationView, StayView } from './views.ts';

/** An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), whose schemas are JSON Schema 2020-12. */
export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Partial<Record<Verb, Operation>>>;
  components: { schemas: Record<string, unknown> };
}

type Verb = 'get' | 'post' | 'patch' | 'delete';

export interface Operation {
  operationId: string;
  summary: string;
  /** The least role that may. */
  description: string;
  parameters: Parameter[];
  requestBody?: { required: true; content: Record<string, { schema: unknown }> };
  responses: Record<string, Answer>;
}

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required: boolean;
  description?: string;
  schema: unknown;
}

interface Answer {
  description: string;
  headers?: Record<string, { description: string; schema: unknown }>;
  content?: Record<string, { schema?: unknown }>;
}

const named: Readonly<Record<string, TSchema>> = {
  HostView,
  CertificateView,
  EndpointView,
  LineageView,
  FindingView,
  EventView,
  ListedView,
  Estate,
  EstateChange,
  RequestView: RequestShown,
  StayView,
  WallView,
  LabelView,
  RestorationView,
  AuditView,
  Me,
  AskBody,
  LabelBody,
  UnlabelBody,
  TokenBody,
  UserView,
  UserBody,
  UserChangeBody,
  SessionView,
  ApiTokenView,
  ApiTokenBody,
  RuleBody,
  SilenceBody,
  TargetBody,
  IncidentView,
  SilenceView,
  ImportCheck,
  Problem,
};

const meanings: Readonly<Record<number, string>> = {
  400: 'What was asked is not as described here.',
  401: 'Nobody has signed in, and no API token was sent.',
  403: 'Who asks has not the role that this needs.',
  404: 'There is none.',
  409: 'What is there already is in its way.',
  412: 'It is not as If-Match, or If-None-Match, says any more: `detail` says how it is.',
  413: 'The body is larger than anything that is taken here.',
  415: 'The body is not JSON.',
  422: 'It is as described, and cannot be done: `detail` says why.',
  428: 'If-Match is missing.',
  429: 'This address asks too often.',
  503: 'The database cannot be reached, or takes no writes: try again.',
};

/** The document of these routes. */
export function openApi(routes: readonly Route[], version: string): OpenApi {
  const rules = routeTable([]);
  const leastOf = ({ method, path }: Route) => rules(method, path)?.least ?? 'nobody';
  return {
    openapi: '3.1.0',
    info: {
      title: 'Certherd',
      version,
      description:
        'What a collector knows of its fleet. Instants are ISO 8601 in UTC, fingerprints the SHA-256 of the DER in lower-case hexadecimal.',
    },
    paths: Object.fromEntries(
      [...Map.groupBy(routes, ({ path }) => documentedPath(path))].map(([path, there]) => [
        path,
        Object.fromEntries(there.map((one) => [verbOf(one), operation(one, leastOf(one))])),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(
        Object.entries(named).map(([name, schema]) => [name, withReferences(schema, schema)]),
      ),
    },
  };
}

/** `/hosts/:name` is `/hosts/{name}` there. */
function documentedPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function verbOf({ method }: Route): Verb {
  return ({ GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const)[method];
}

function operation(one: Route, least: string): Operation {
  const { path, summary, query, params, body, status, answer, problems, tagged, conditional } = one;
  const tag = { etag: { description: 'Names this state of the answer.', schema: { type: 'string' } } };
  return {
    operationId: `${verbOf(one)}-${path.replace('/api/v1/', '').replaceAll(/[/:.]+/g, '-')}`,
    summary,
    description: least === 'nobody' ? 'For whoever asks.' : `Needs the role ${least}.`,
    parameters: [
      ...parameters('path', params),
      ...parameters('query', query),
      ...(tagged ? [ifNoneMatch] : []),
      ...(conditional ? [ifMatch] : []),
    ],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: withReferences(body) } } },
    }),
    responses: {
      [status]: {
        description: 'mediaType' in answer ? answer.what : 'What was asked for.',
        ...(tagged && { headers: tag }),
        content:
          'mediaType' in answer
            ? { [answer.mediaType]: { schema: { type: 'string' } } }
            : { 'application/json': { schema: withReferences(answer.schema) } },
      },
      ...(tagged && { 304: { description: 'The same as If-None-Match names.', headers: tag } }),
      ...Object.fromEntries(
        [...problems, ...(body ? [413, 415] : []), ...(conditional ? [428] : []), 401, 403, 429, 503].map((status) => [
          status,
          problem(status),
        ]),
      ),
    },
  };
}

const ifNoneMatch: Parameter = {
  name: 'if-none-match',
  in: 'header',
  required: false,
  description: 'The entity tag of an answer that is known.',
  schema: { type: 'string' },
};

const ifMatch: Parameter = {
  name: 'if-match',
  in: 'header',
  required: true,
  description: 'The tag of what is changed, as it was seen.',
  schema: { type: 'string' },
};

function parameters(place: 'query' | 'path', schema: TObject): Parameter[] {
  const required = new Set<string>(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => {
    const { description, ...rest }: { description?: string } = { ...property };
    return {
      name,
      in: place,
      required: required.has(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function problem(status: number): Answer {
  const retry = { 'retry-after': { description: 'Seconds.', schema: { type: 'integer' } } };
  return {
    description: meanings[status] ?? '',
    ...(status === 429 && { headers: retry }),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** A schema with a reference in the place of each one that has a name; `itself` is written out. */
function withReferences(schema: unknown, itself?: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => withReferences(one));
  const name = schema === itself ? undefined : Object.keys(named).find((one) => named[one] === schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withReferences(value)]));
}
