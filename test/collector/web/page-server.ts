import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { readPageFiles } from '../../../collector/serve/page-files.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import type { EstateChange } from '../../../collector/serve/estate-change.ts';

/** The page's own files behind a real HTTP server, with an estate that a test can change. */
export interface PageServer {
  readonly url: string;
  /** Shows another estate and says that it has to be read again. */
  show(estate: Estate): void;
  /** Says what changed. */
  tell(change: EstateChange): void;
  /** A change happens that is not told. */
  skip(): void;
  /** Says so many times at once that the database cannot be read. */
  sayUnreadable(times: number): void;
  /** Keeps every connection open but says nothing more, as a frozen process or a half-open connection does. */
  freeze(): void;
  thaw(): void;
  /** Cuts every connection and takes no new one, until `rise`. */
  fall(): Promise<void>;
  rise(): Promise<void>;
  /** Lets nobody follow, and says why; undefined lets them in again. */
  crowd(why: string | undefined): void;
  /** Answers requests for the estate with this status; undefined heals it. */
  fail(status: number | undefined, contentType?: string): void;
  /** Answers "METHOD /path" with the status and the body that `answer` gives; until then it is not found. */
  on(request: string, answer: (body: string) => readonly [number, unknown]): void;
  /** How many times the estate was asked for. */
  readonly asked: () => number;
  close(): Promise<void>;
}

/** The header that the collector sends with its page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join(';');

/** Of the ids of its stream. */
const run = '0123456789ab';

/** Serves collector/web as the collector does, with whatever estate the test gives. */
export async function servePage(first: Estate, now: () => Date = () => new Date()): Promise<PageServer> {
  const files = await readPageFiles();
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const answers = new Map<string, (body: string) => readonly [number, unknown]>([
    ['GET /api/v1/me', () => [200, { version: 1, by: 'open' }]],
    ['GET /api/v1/incidents', () => [200, { version: 1, items: [] }]],
    ['GET /api/v1/silences', () => [200, { version: 1, items: [] }]],
    ['GET /api/v1/events', () => [200, { version: 1, items: [] }]],
    ['GET /api/v1/certificates/FINGERPRINT/pem', () => [200, '']],
    ['GET /api/v1/certificates/FINGERPRINT/history', () => [200, { version: 1, items: [] }]],
    ['GET /api/v1/endpoint-history', () => [200, { version: 1, items: [] }]],
  ]);
  const held: (() => void)[] = [];
  let estate = first;
  let frozen = false;
  let asked = 0;
  let failing: number | undefined;
  let crowded: string | undefined;
  let failingAs = 'application/json';

  let revision = 1;

  const say = (stream: ServerResponse, event: string, body: object = {}): void => {
    stream.write(
      `event: ${event}\nid: ${run}-${revision}\ndata: ${JSON.stringify({ at: now().toISOString(), ...body })}\n\n`,
    );
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [path = '/'] = (request.url ?? '/').split('?');
    response.setHeader('content-security-policy', contentSecurityPolicy);
    if (path === '/api/v1/live' && crowded !== undefined) {
      response.writeHead(429, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', title: 'Too Many Requests', status: 429, detail: crowded }));
      return;
    }
    if (path === '/api/v1/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      streams.add(response);
      response.on('close', () => streams.delete(response));
      say(response, 'tick');
      say(response, 'reset');
      return;
    }
    if (path === '/api/v1/estate') {
      asked += 1;
      response.statusCode = failing ?? 200;
      response.setHeader('content-type', failing === undefined ? 'application/json' : failingAs);
      response.setHeader('etag', `W/"${run}-${revision}"`);
      response.end(JSON.stringify({ ...estate, at: now().toISOString() }));
      return;
    }
    const told = answers.get(`${request.method} ${path.replace(/[0-9a-f]{64}/, 'FINGERPRINT')}`);
    if (told) {
      void text(request).then((body) => {
        const [status, answered] = told(body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
      });
      return;
    }
    const file = files.get(path) ?? files.get(path.replace(/^(\/[^/]+)\/.*$/, '$1/*'));
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.contentType ?? 'text/plain' });
    response.end(file?.body ?? 'not found');
  };
  const server = createServer((request, response) => {
    if (frozen) held.push(() => answer(request, response));
    else answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const fall = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const port = portOf(server);
  const ticking = setInterval(() => {
    if (!frozen) for (const stream of streams) say(stream, 'tick');
  }, 2000);

  return {
    url: `http://127.0.0.1:${port}/`,
    show(next) {
      estate = next;
      revision += 1;
      for (const stream of streams) say(stream, 'reset');
    },
    tell(change) {
      revision += 1;
      for (const stream of streams) say(stream, 'change', change);
    },
    skip() {
      revision += 1;
    },
    sayUnreadable(times) {
      for (let time = 0; time < times; time += 1)
        for (const stream of streams) say(stream, 'reset', { unreadable: true });
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      for (const release of held.splice(0)) release();
    },
    crowd(why) {
      crowded = why;
      for (const stream of streams) stream.destroy();
    },
    fail(status, contentType = 'application/json') {
      failing = status;
      failingAs = contentType;
    },
    on: (request, answer) => answers.set(request, answer),
    fall,
    rise: () => listen(port),
    asked: () => asked,
    async close() {
      clearInterval(ticking);
      if (server.listening) await fall();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
