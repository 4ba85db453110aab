import { Check } from 'typebox/value';
import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { Severity } from '@certherd/protocol/finding';
import { globbed } from '../../evaluate/labels.ts';
import {
  CertificateView,
  EndpointStatus,
  EndpointView,
  FindingView,
  HostStatus,
  HostView,
  LineageView,
} from '../estate.ts';
import { certificateView, type EstateParts, type KeptHost } from '../estate-parts.ts';
import { isNamed } from './entity-tag.ts';
import { jsonStream } from './json-stream.ts';
import type { ApiNeeds } from './needs.ts';
import { type Key, keyOf, pageOf, type Placed } from './paging.ts';
import { type Route, route } from './route.ts';
import { sendProblem } from '../problem.ts';

const closed = { additionalProperties: false };

/** Pages and filters, as every list has them. */
const paged = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 1000, description: 'Items of one page.' })),
  cursor: Type.Optional(Type.String({ maxLength: 4096, description: '`next` of the page before.' })),
};
const pattern = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 253, description }));
export const host = pattern('A host’s name, or its agent’s id; `*` stands for any characters.');
const name = pattern('A server name; `*` stands for any characters.');

/** What a list answers. */
export const listOf = (item: TSchema, next: TSchema = Type.String()) =>
  Type.Object(
    {
      version: Type.Literal(1),
      at: Type.String({ format: 'date-time' }),
      items: Type.Array(item),
      next: Type.Optional(next),
    },
    closed,
  );

interface List<Query extends TObject, Item> {
  name: string;
  what: string;
  item: TSchema;
  query: Query;
  /** Of what a cursor is made. */
  key: readonly ('string' | 'number')[];
  /** What the list is made of: while that is the same object, so is the list. */
  state: (parts: EstateParts) => object;
  items: (parts: EstateParts, after: Key | undefined, query: Static<Query>) => Iterable<Placed<Item> | 'host'>;
  fits: (query: Static<Query>) => (item: Item) => boolean;
  view: (item: Item) => unknown;
}

function listRoute<Query extends TObject, Item>(list: List<Query, Item>): Route {
  return route({
    path: `/api/v1/${list.name}`,
    summary: list.what,
    query: list.query,
    params: Type.Object({}),
    answer: { schema: listOf(list.item) },
    problems: [400],
    tagged: true,
    async handle({ estate, tags, now }: ApiNeeds, { query, headers }, reply) {
      const { limit = 1000, cursor } = query as Static<TObject<typeof paged>>;
      const after = cursor === undefined ? undefined : keyOf(cursor, list.key);
      if (cursor !== undefined && !after)
        return sendProblem(reply, 400, 'Bad cursor', 'A cursor is `next` of the page before.');
      const { parts } = await estate();
      const tag = tags.of(list.state(parts));
      reply.header('etag', tag).header('cache-control', 'private, no-cache');
      if (isNamed(headers['if-none-match'], tag)) return reply.code(304).send();
      const { items, next } = await pageOf(list.items(parts, after, query), limit, list.fits(query));
      const body = { version: 1, at: new Date(now()).toISOString(), items: viewed(items, list.view), next };
      return reply.header('content-type', 'application/json; charset=utf-8').send(jsonStream(body, now));
    },
  });
}

/** Every list of the estate, in its order. */
export const listRoutes: readonly Route[] = [
  listRoute({
    name: 'hosts',
    what: 'Hosts, by name.',
    item: HostView,
    query: Type.Object({ ...paged, host, status: Type.Optional(HostStatus) }, closed),
    key: ['string', 'string'],
    state: ({ hosts }) => hosts,
    *items({ hosts }, after) {
      for (const { part, name, agentId } of after ? hosts.after(hostKey(after)) : hosts)
        yield { item: part.host, key: [name, agentId] };
    },
    fits: ({ host, status }) => {
      const isHost = hostFilter(host);
      return (item) => isHost(item.name, item.agentId) && isAny(status, item.status);
    },
    view: (item) => item,
  }),
  listRoute({
    name: 'certificates',
    what: 'Current certificates, what ends first before the others; with every file and endpoint that holds them.',
    item: CertificateView,
    query: Type.Object({ ...paged, host, name, basis: Type.Optional(CertificateView.properties.basis) }, closed),
    key: ['number', 'string'],
    state: ({ certificates }) => certificates,
    *items({ certificates }, after) {
      const behind = after && certificates.after({ notAfter: Number(after[0]), fingerprint: String(after[1]) });
      for (const one of behind ?? certificates) yield { item: one, key: [one.notAfter, one.fingerprint] };
    },
    fits: ({ host, name, basis }) => {
      const [isHost, isName] = [hostFilter(host), nameFilter(name)];
      return ({ facts, places }) =>
        isAny(basis, facts.basis) &&
        (name === undefined || facts.certificate.subjectAltNames.some((one) => isName(one))) &&
        (host === undefined || [...places].some((one) => isHost(one.name, one.agentId)));
    },
    view: certificateView,
  }),
  listRoute({
    name: 'endpoints',
    what: 'Endpoints, by host: what is issued, configured and served at each.',
    item: EndpointView,
    query: Type.Object({ ...paged, host, name, status: Type.Optional(EndpointStatus) }, closed),
    key: ['string', 'string', 'number'],
    state: ({ hosts }) => hosts,
    items(parts, after, { host, status }) {
      const isHost = hostFilter(host);
      // A host is opened only where something of it may fit.
      return ofHosts(parts, after, ({ name, agentId, part }) =>
        isHost(name, agentId) && (status === undefined || part.statuses[status]) ? part.endpoints : [],
      );
    },
    fits: ({ host, name, status }) => {
      const [isHost, isName] = [hostFilter(host), nameFilter(name)];
      return (item) => isHost(item.hostName, item.agentId) && isName(item.serverName) && isAny(status, item.status);
    },
    view: (item) => item,
  }),
  listRoute({
    name: 'lineages',
    what: 'Lineages of certbot, by host.',
    item: LineageView,
    query: Type.Object({ ...paged, host, name: pattern('The lineage’s name; `*` stands for any characters.') }, closed),
    key: ['string', 'string', 'number'],
    state: ({ hosts }) => hosts,
    items(parts, after, { host }) {
      const isHost = hostFilter(host);
      return ofHosts(parts, after, ({ name, agentId, part }) => (isHost(name, agentId) ? part.lineages : []));
    },
    fits: ({ host, name }) => {
      const [isHost, isName] = [hostFilter(host), nameFilter(name)];
      return (item) => isHost(item.hostName, item.agentId) && isName(item.name);
    },
    view: (item) => item,
  }),
  listRoute({
    name: 'findings',
    what: 'Open findings, the most urgent first, and of those the oldest.',
    item: FindingView,
    query: Type.Object(
      {
        ...paged,
        host,
        severity: Type.Optional(Severity),
        code: Type.Optional(Type.String({ maxLength: 64, description: 'As in `certherd-agent explain`.' })),
      },
      closed,
    ),
    key: ['string', 'string', 'string', 'string', 'number'],
    state: ({ findings }) => findings,
    *items({ findings }, after) {
      for (const one of after ? findings.after(findingKey(after)) : findings) {
        const { finding, name, agentId, index } = one;
        yield { item: finding, key: [finding.severity, finding.since, name, agentId, index] };
      }
    },
    fits: ({ host, severity, code }) => {
      const isHost = hostFilter(host);
      return (item) => isHost(item.hostName, item.agentId) && isAny(severity, item.severity) && isAny(code, item.code);
    },
    view: (item) => item,
  }),
];

/** What hosts have each, from behind a host's item on. */
function* ofHosts<Item>(
  { hosts }: EstateParts,
  after: Key | undefined,
  of: (host: KeptHost) => readonly Item[],
): Generator<Placed<Item> | 'host'> {
  const placed = ({ name, agentId }: KeptHost, item: Item, index: number) => ({ item, key: [name, agentId, index] });
  const begun = after && hosts.get(hostKey(after));
  if (begun)
    for (const [index, item] of of(begun).entries()) if (index > Number(after[2])) yield placed(begun, item, index);
  for (const host of after ? hosts.after(hostKey(after)) : hosts) {
    for (const [index, item] of of(host).entries()) yield placed(host, item, index);
    yield 'host';
  }
}

function hostKey([name, agentId]: Key) {
  return { name: String(name), agentId: String(agentId) };
}

function findingKey([severity, since, ...rest]: Key) {
  const known = Check(Severity, severity) ? severity : 'notice';
  return { ...hostKey(rest), urgency: { severity: known, since: String(since) }, index: Number(rest[2]) };
}

function* viewed<Item>(items: readonly Item[], view: (item: Item) => unknown): Generator {
  for (const item of items) yield view(item);
}

export function hostFilter(pattern: string | undefined): (name: string, agentId: string) => boolean {
  if (pattern === undefined) return () => true;
  const fits = globbed(pattern.toLowerCase());
  return (name, agentId) => agentId === pattern || fits(name.toLowerCase());
}

function nameFilter(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const fits = globbed(pattern.toLowerCase());
  return (name) => fits(name.toLowerCase());
}

function isAny<T>(wanted: T | undefined, is: T): boolean {
  return wanted === undefined || wanted === is;
}
