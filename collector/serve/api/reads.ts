import { EventKind } from '@certherd/protocol/event';
import Type from 'typebox';
import type { EventFacts } from '../../store/facts.ts';
import { eventView } from '../assemble-estate.ts';
import { Estate, EventView, TargetView } from '../estate.ts';
import { estateLists } from '../estate-parts.ts';
import { madeInTurn } from '../made-in-turn.ts';
import { mostFollowers } from '../live.ts';
import { pemText } from '../pem-text.ts';
import { sendProblem } from '../problem.ts';
import { endpointStayView, stayView, targetStayView } from '../stay-view.ts';
import { transparencyView, TransparencyView } from '../transparency-view.ts';
import { isNamed } from './entity-tag.ts';
import { fittingEvents } from './fitting-events.ts';
import { jsonStream } from './json-stream.ts';
import { host, hostFilter, listOf } from './lists.ts';
import { type Route, route } from './route.ts';
import { EndpointStayView, RestorationView, StayView, TargetStayView } from './views.ts';

const closed = { additionalProperties: false };
const none = Type.Object({}, closed);
const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Items of one page.' }),
);
const ofCertificate = Type.Object({
  fingerprint: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'SHA-256 of the DER, in lower-case hexadecimal.',
  }),
});
/** Routes whose answers are made as they are asked for. */
export const readRoutes: readonly Route[] = [
  route({
    path: '/api/v1/estate',
    summary: 'Everything as of now. Its entity tag names the moment, from which `/api/v1/live` goes on.',
    query: none,
    params: none,
    answer: { schema: Estate },
    problems: [],
    async handle({ estate, collector, live, now }, _, reply) {
      const known = await estate();
      return reply
        .header('etag', `W/"${live.idOf(known.revision)}"`)
        .header('cache-control', 'no-store')
        .header('content-type', 'application/json; charset=utf-8')
        .send(jsonStream(estateLists(known, collector, now()), now));
    },
  }),
  route({
    path: '/api/v1/events',
    summary:
      'History in order of arrival: the newest, or those behind `after`. `next` is the `after` of the next call, which may find nothing yet.',
    query: Type.Object(
      {
        limit,
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'The same as `after`.' })),
        host,
        kind: Type.Optional(EventKind),
      },
      closed,
    ),
    params: none,
    answer: { schema: listOf(EventView, Type.Integer()) },
    problems: [400],
    tagged: true,
    async handle({ events, tags, now }, { query, headers }, reply) {
      const { limit = 100, cursor, host, kind } = query;
      const after = query.after ?? (cursor === undefined ? undefined : Number(cursor));
      // Not by the estate, which takes its time to be read: events are never changed, and come after each other.
      const [newest] = await events(undefined, 1);
      const tag = tags.numbered('event', newest?.id ?? 0);
      reply.header('etag', tag).header('cache-control', 'private, no-cache');
      if (isNamed(headers['if-none-match'], tag)) return reply.code(304).send();
      const isHost = hostFilter(host);
      const isWanted = (one: EventFacts) =>
        isHost(one.hostName, one.agentId) && (kind ?? one.event.kind) === one.event.kind;
      const fits = host === undefined && kind === undefined ? undefined : isWanted;
      const { items, next } = await fittingEvents(events, { after, limit, fits });
      return reply.send({ version: 1, at: instant(now()), items: items.map(eventView), next: next ?? 0 });
    },
  }),
  route({
    path: '/api/v1/certificates/:fingerprint/history',
    summary: 'Where a certificate was issued, configured and served, newest first, at most 10,000.',
    query: none,
    params: ofCertificate,
    answer: { schema: listOf(StayView) },
    problems: [400],
    async handle({ stays, now }, { params }, reply) {
      const items = (await stays(params.fingerprint)).map(stayView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    path: '/api/v1/endpoint-history',
    summary: 'Which certificates were issued, configured and served at one endpoint, newest first, at most 1,000.',
    query: Type.Object(
      {
        agentId: Type.String({ maxLength: 100 }),
        endpoint: Type.String({ maxLength: 2048, description: 'Its id, as `/api/v1/endpoints` has it.' }),
      },
      closed,
    ),
    params: none,
    answer: { schema: listOf(EndpointStayView) },
    problems: [400],
    async handle({ endpointStays, now }, { query: { agentId, endpoint } }, reply) {
      const items = (await endpointStays(agentId, endpoint)).map(endpointStayView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    path: '/api/v1/certificates/:fingerprint/pem',
    summary: 'A certificate itself, as text (RFC 7468).',
    query: none,
    params: ofCertificate,
    answer: { mediaType: 'application/x-pem-file', what: 'The certificate.' },
    problems: [400, 404],
    async handle({ der }, { params: { fingerprint } }, reply) {
      const found = await der(fingerprint);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'No agent has told this certificate itself.');
      return reply
        .header('cache-control', 'no-store')
        .header('content-type', 'application/x-pem-file')
        .header('content-disposition', `attachment; filename="${fingerprint}.pem"`)
        .send(pemText(found));
    },
  }),
  route({
    path: '/api/v1/targets',
    summary: 'What is asked from outside, and what each address presented when it was asked last.',
    query: none,
    params: none,
    answer: { schema: listOf(TargetView) },
    problems: [],
    async handle({ estate, now }, _, reply) {
      const { targets } = await estate();
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items: targets });
    },
  }),
  route({
    path: '/api/v1/transparency',
    summary: 'What transparency logs have for watched names, how far they were read, and names that nobody listed.',
    query: Type.Object(
      {
        held: Type.Optional(
          Type.Boolean({ description: 'Only certificates that a host holds or held, or only others.' }),
        ),
      },
      closed,
    ),
    params: none,
    answer: { schema: TransparencyView },
    problems: [],
    tagged: false,
    async handle({ estate, transparency, now }, { query: { held } }, reply) {
      const { parts, targets, listed } = await estate();
      const endpoints = await madeInTurn(parts.hosts, ({ part }) =>
        part.endpoints.map(({ serverName }) => ({ serverName })),
      );
      const certificates = await madeInTurn(parts.certificates, ({ facts: { certificate } }) => [
        { subjectAltNames: certificate.subjectAltNames },
      ]);
      const known = { targets, listed, endpoints, certificates };
      const [rows, logs] = [await transparency.certificates('all'), await transparency.logs()];
      return reply.header('cache-control', 'no-store').send(transparencyView(rows, logs, known, now(), held));
    },
  }),
  route({
    path: '/api/v1/targets/:id/history',
    summary: 'Which leaf each address of a target presented, newest first.',
    query: none,
    params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
    answer: { schema: listOf(TargetStayView) },
    problems: [400],
    async handle({ targetStays, now }, { params: { id } }, reply) {
      const items = (await targetStays(id)).map(targetStayView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    path: '/api/v1/restorations',
    summary:
      'Each time that a backup took the database’s place, newest first. What was told between the two instants is missing.',
    query: none,
    params: none,
    answer: { schema: listOf(RestorationView) },
    problems: [],
    async handle({ restorations, now }, _, reply) {
      const items = (await restorations()).map(({ backedUpAt, restoredAt }) => ({
        backedUpAt: instant(backedUpAt),
        restoredAt: instant(restoredAt),
      }));
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    path: '/api/v1/live',
    summary:
      'Server-sent events: `change` with what changed in the estate, `reset` where it has to be read again, `tick` every 2 s.',
    query: Type.Object(
      {
        after: Type.Optional(
          Type.String({
            maxLength: 64,
            description: 'The moment up to which the estate is known; the header Last-Event-ID says the same.',
          }),
        ),
      },
      closed,
    ),
    params: none,
    answer: {
      mediaType: 'text/event-stream',
      what: 'The data of `change` is of the schema EstateChange; an event’s id names a moment.',
    },
    problems: [400],
    handle({ live }, { query: { after }, headers, caller, request }, reply) {
      const lastId = headers['last-event-id'] ?? after;
      const { user = caller.name } = caller;
      const from = { address: request.ip, user };
      const refusal = live.refusal(from);
      if (refusal !== undefined) {
        reply.header('retry-after', 30);
        if (refusal === 'all') return sendProblem(reply, 503, 'Service Unavailable', 'Too many pages are open.');
        const who = refusal === 'user' ? user : 'This address';
        const detail = `${who} has ${mostFollowers[refusal]} pages and programs that follow: close some of them.`;
        return sendProblem(reply, 429, 'Too Many Requests', detail);
      }
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value);
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      if (!live.follow(reply.raw, typeof lastId === 'string' ? lastId : undefined, from)) reply.raw.end();
      return undefined;
    },
  }),
];

function instant(at: number): string {
  return new Date(at).toISOString();
}
