import { Readable } from 'node:stream';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Topic } from '../receive/records.ts';
import type { Facts, LabelRule, Restoration, Stay } from '../store/facts.ts';
import type { RequestRow } from '../store/requests.ts';
import { eventView } from './assemble-estate.ts';
import type { Estate } from './estate.ts';
import { estateLists } from './estate-parts.ts';
import type { EstateNow } from './kept-estate.ts';
import type { Live } from './live.ts';
import { type CollectorCounts, metricsText } from './metrics.ts';
import { pemText } from './pem-text.ts';
import { sendProblem } from './problem.ts';
import { requestView } from './request-view.ts';

/** What the routes read from. */
export interface ApiNeeds {
  estate: () => Promise<EstateNow>;
  /** This process, as the estate names it. */
  collector: Estate['collector'];
  /** In order of arrival; without `after` the newest. */
  events: (after: number | undefined, limit: number) => Promise<Facts['events']>;
  /** Newest first. */
  requests: (limit: number) => Promise<RequestRow[]>;
  restorations: () => Promise<Restoration[]>;
  /** Newest first. */
  stays: (fingerprint: string) => Promise<Stay[]>;
  /** undefined: no such certificate, or no agent has told it. */
  der: (fingerprint: string) => Promise<Uint8Array | undefined>;
  /** Every rule. */
  labels: () => Promise<LabelRule[]>;
  counts: () => Promise<CollectorCounts>;
  live: Live;
  /** Can anything be kept? */
  isWritable: () => Promise<boolean>;
  /** Milliseconds since 1970. */
  now: () => number;
}

const lists = ['hosts', 'certificates', 'endpoints', 'findings', 'lineages'] as const satisfies Topic[];
const chunkLength = 16 * 1024;

/** The JSON API, the live stream, /metrics and /healthz. Every item has the shape that it has in Estate. */
export function addApi(app: FastifyInstance, needs: ApiNeeds): void {
  const {
    estate: current,
    collector,
    events,
    requests,
    restorations,
    stays,
    der,
    labels,
    counts,
    live,
    isWritable,
    now,
  } = needs;
  const estate = async () => estateLists(await current(), collector, now());
  app.get('/api/v1/estate', async (_, reply) => {
    const known = await current();
    const body = estateLists(known, collector, now());
    return reply
      .header('etag', `W/"${live.idOf(known.revision)}"`)
      .header('cache-control', 'no-store')
      .header('content-type', 'application/json; charset=utf-8')
      .send(Readable.from(inChunks(jsonPieces(body))));
  });
  for (const list of lists)
    app.get(`/api/v1/${list}`, async (_, reply) => {
      const { version, at, [list]: items } = await estate();
      return sendFresh(reply, { version, at, items: [...items] });
    });

  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/events', async ({ query }, reply) => {
    const after = wholeNumber(query['after'], 0, Number.MAX_SAFE_INTEGER);
    const limit = wholeNumber(query['limit'], 1, 1000);
    if (after === 'wrong' || limit === 'wrong')
      return sendProblem(reply, 400, 'Bad query', 'after: a number from 0; limit: a number from 1 to 1000');
    const found = await events(after, limit ?? 100);
    const next = found.at(-1)?.id ?? after ?? 0;
    return sendFresh(reply, { version: 1, at: instant(now()), items: found.map(eventView), next });
  });

  app.get<OfCertificate>('/api/v1/certificates/:fingerprint/history', async ({ params }, reply) => {
    if (!isFingerprint(params.fingerprint)) return sendProblem(reply, 400, ...badFingerprint);
    const items = (await stays(params.fingerprint)).map(({ from, until, ...stay }) => ({
      ...stay,
      from: instant(from),
      ...(until !== undefined && { until: instant(until) }),
    }));
    return sendFresh(reply, { version: 1, at: instant(now()), items });
  });

  app.get<OfCertificate>('/api/v1/certificates/:fingerprint/pem', async ({ params }, reply) => {
    const { fingerprint } = params;
    if (!isFingerprint(fingerprint)) return sendProblem(reply, 400, ...badFingerprint);
    const found = await der(fingerprint);
    if (!found) return sendProblem(reply, 404, 'Not Found', 'No agent has told this certificate itself.');
    return reply
      .header('cache-control', 'no-store')
      .header('content-type', 'application/x-pem-file')
      .header('content-disposition', `attachment; filename="${fingerprint}.pem"`)
      .send(pemText(found));
  });

  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/requests', async ({ query }, reply) => {
    const limit = wholeNumber(query['limit'], 1, 1000);
    if (limit === 'wrong') return sendProblem(reply, 400, 'Bad query', 'limit: a number from 1 to 1000');
    const items = (await requests(limit ?? 100)).map((row) => requestView(row, now()));
    return sendFresh(reply, { version: 1, at: instant(now()), items });
  });

  app.get('/api/v1/labels', async (_, reply) => {
    const items = (await labels()).map(({ id: _id, setAt, ...rule }) => ({ ...rule, setAt: instant(setAt) }));
    return sendFresh(reply, { version: 1, at: instant(now()), items });
  });

  app.get('/api/v1/restorations', async (_, reply) => {
    const items = (await restorations()).map(({ backedUpAt, restoredAt }) => ({
      backedUpAt: instant(backedUpAt),
      restoredAt: instant(restoredAt),
    }));
    return sendFresh(reply, { version: 1, at: instant(now()), items });
  });

  app.get<{ Querystring: Record<string, unknown> }>('/api/v1/live', { exposeHeadRoute: false }, (request, reply) => {
    // A browser sends the header only where it opened the lost stream itself.
    const lastId = request.headers['last-event-id'] ?? request.query['after'];
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    if (!live.follow(reply.raw, typeof lastId === 'string' ? lastId : undefined)) reply.raw.end();
  });

  app.get('/metrics', async (_, reply) => {
    const text = metricsText((await current()).parts, await counts());
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(Readable.from(inChunks(text)));
  });

  app.get('/healthz', async (_, reply) => {
    const writable = await isWritable();
    if (writable) return sendFresh(reply, { status: 'ok' });
    return sendProblem(reply, 503, 'Read-only', 'The database cannot be written: certherd-collector doctor says why.');
  });
}

interface OfCertificate {
  Params: { fingerprint: string };
}

const badFingerprint = ['Bad fingerprint', 'A SHA-256 in lower-case hexadecimal: 64 digits.'] as const;

function isFingerprint(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function sendFresh(reply: FastifyReply, body: object): FastifyReply {
  return reply.header('cache-control', 'no-store').send(body);
}

function wholeNumber(value: unknown, low: number, high: number): number | undefined | 'wrong' {
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return number >= low && number <= high ? number : 'wrong';
}

/** The JSON text of an object, an item of its lists at a time: a large estate as one text would hold up all agents. */
function* jsonPieces(body: object): Generator<string> {
  let lead = '{';
  for (const [name, value] of Object.entries(body)) {
    yield `${lead}${JSON.stringify(name)}:`;
    lead = ',';
    if (isList(value)) {
      yield '[';
      let comma = '';
      for (const item of value) {
        yield `${comma}${JSON.stringify(item)}`;
        comma = ',';
      }
      yield ']';
    } else yield JSON.stringify(value);
  }
  yield '}';
}

function isList(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/** Chunks large enough to be cheap; after each one, and each empty piece, everything else has its turn, however fast the reader is. */
async function* inChunks(text: Iterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for (const piece of text) {
    chunk += piece;
    if (chunk.length >= chunkLength) {
      yield chunk;
      chunk = '';
    } else if (piece !== '') continue;
    await othersTurn();
  }
  yield chunk;
}
