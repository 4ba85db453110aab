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
import type { Route } from './route.ts';
import { LabelView, Problem, RequestShown, RestorationView, StayView } from './views.ts';

/** An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), whose schemas are JSON Schema 2020-12. */
export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, { get: Operation }>;
  components: { schemas: Record<string, unknown> };
}

export interface Operation {
  operationId: string;
  summary: string;
  parameters: Parameter[];
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
  LabelView,
  RestorationView,
  Problem,
};

const meanings: Readonly<Record<number, string>> = {
  400: 'What was asked is not as described here.',
  401: 'Nobody has signed in, and no API token was sent.',
  403: 'Who asks has not the role that this needs.',
  404: 'There is none.',
  429: 'This address asks too often.',
  503: 'The database cannot be reached: try again.',
};

/** The document of these routes. */
export function openApi(routes: readonly Route[], version: string): OpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Certherd',
      version,
      description:
        'What a collector knows of its fleet. Instants are ISO 8601 in UTC, fingerprints the SHA-256 of the DER in lower-case hexadecimal.',
    },
    paths: Object.fromEntries(routes.map((one) => [documentedPath(one.path), { get: operation(one) }])),
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

function operation({ path, summary, query, params, answer, problems, tagged }: Route): Operation {
  const tag = { etag: { description: 'Names this state of the answer.', schema: { type: 'string' } } };
  return {
    operationId: `get-${path.replace('/api/v1/', '').replaceAll(/[/:.]+/g, '-')}`,
    summary,
    parameters: [...parameters('path', params), ...parameters('query', query), ...(tagged ? [ifNoneMatch] : [])],
    responses: {
      200: {
        description: 'mediaType' in answer ? answer.what : 'What was asked for.',
        ...(tagged && { headers: tag }),
        content:
          'mediaType' in answer
            ? { [answer.mediaType]: { schema: { type: 'string' } } }
            : { 'application/json': { schema: withReferences(answer.schema) } },
      },
      ...(tagged && { 304: { description: 'The same as If-None-Match names.', headers: tag } }),
      ...Object.fromEntries([...problems, 401, 403, 429, 503].map((status) => [status, problem(status)])),
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
