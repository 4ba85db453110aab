import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { Pebble } from './pebble.ts';
import type { Sandbox } from './sandbox.ts';

export interface AcmeRequest {
  method: string;
  /** With the query: "/dir". */
  path: string;
  /** A POST's flattened JWS (RFC 8555 6.2); its payload is base64url. */
  body?: string;
}

export interface AcmeReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * What to reply in the CA's place; undefined: what the CA replies. It may call `forward` and change that reply, and it may
 * never settle: a CA that hangs.
 */
export type AcmeAnswer = (
  request: AcmeRequest,
  forward: () => Promise<AcmeReply>,
) => Promise<AcmeReply | undefined> | AcmeReply | undefined;

export interface AcmeFront {
  /** "https://localhost:PORT/dir", trusted by pebble.caFile. */
  directoryUrl: string;
  /** The requests so far, the newest last. */
  seen: AcmeRequest[];
  close: () => Promise<void>;
}

/**
 * A TLS server before pebble. It keeps the client's Host, of which pebble makes the absolute addresses that it names and
 * against which it checks the signed url (RFC 8555 6.4): so a client that begins here stays here.
 *
 * Every order has its challenge. Pebble reuses an authorization one time in a hundred where it is told never to (it compares a
 * number from 0 to 99 with the percentage, and 0 is not above 0), and a renewal that has to fail would go well: such an order is
 * answered with badNonce, after which clients try once more (RFC 8555 6.5).
 */
export async function startAcmeFront(
  sandbox: Sandbox,
  pebble: Pebble,
  answer: AcmeAnswer = () => undefined,
): Promise<AcmeFront> {
  const { caFile, certificateFile, keyFile } = pebble.authority;
  const ca = readFileSync(caFile, 'utf8');
  const behind = new URL(pebble.directoryUrl);
  const seen: AcmeRequest[] = [];
  const reply = async (incoming: IncomingMessage): Promise<AcmeReply> => {
    const body = await textOf(incoming);
    const { method = 'GET', url: path = '/' } = incoming;
    const asked = { method, path, ...(body !== '' && { body }) };
    seen.push(asked);
    const forward = async () => {
      const given = await forwarded(behind, ca, incoming, body);
      return isAuthorized(asked, given) ? tryAgain(given) : given;
    };
    return (await answer(asked, forward)) ?? (await forward());
  };
  const keys = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  const server = createServer(keys, (incoming, outgoing) => {
    void reply(incoming)
      .catch((error: unknown) => ({ status: 502, headers: { 'content-type': 'text/plain' }, body: String(error) }))
      .then(({ status, headers, body }) => {
        const length = { 'content-length': String(Buffer.byteLength(body)) };
        outgoing.writeHead(status, incoming.method === 'HEAD' ? headers : { ...headers, ...length });
        outgoing.end(incoming.method === 'HEAD' ? undefined : body);
      });
  });
  const port = await sandbox.port();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // A test that ends without closing it does not wait for it.
  server.unref();
  return {
    directoryUrl: `https://localhost:${port}${behind.pathname}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A new order that nothing has to be done for. */
function isAuthorized({ method, path }: AcmeRequest, { status, body }: AcmeReply): boolean {
  return method === 'POST' && path === '/order-plz' && status === 201 && JSON.parse(body).status === 'ready';
}

function tryAgain({ headers }: AcmeReply): AcmeReply {
  const nonce = headers['replay-nonce'];
  return problem(400, 'badNonce', 'an authorization was reused', nonce === undefined ? {} : { 'replay-nonce': nonce });
}

/** A problem document (RFC 7807) as an ACME server gives it; `type` without its prefix: "rateLimited". */
export function problem(status: number, type: string, detail: string, headers: Record<string, string> = {}): AcmeReply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }),
  };
}

/**
 * Renewal information (RFC 9773) for a CA that has none: the directory names it, and `renewalInfo` replies to
 * GET …/renewal-info/CERTID. Undefined: 404.
 */
export function withRenewalInfo(
  renewalInfo: (certId: string) => Promise<AcmeReply | undefined> | AcmeReply | undefined,
  otherwise: AcmeAnswer = () => undefined,
): AcmeAnswer {
  const prefix = '/renewal-info/';
  return async (asked, forward) => {
    if (asked.path.startsWith(prefix)) {
      const reply = await renewalInfo(decodeURIComponent(asked.path.slice(prefix.length)));
      return reply ?? problem(404, 'malformed', 'no such certificate');
    }
    const other = await otherwise(asked, forward);
    if (other || asked.path !== '/dir') return other;
    const { body, ...reply } = await forward();
    const directory: Record<string, unknown> = JSON.parse(body);
    const origin = new URL(String(directory.newNonce)).origin;
    return { ...reply, body: JSON.stringify({ ...directory, renewalInfo: `${origin}${prefix.slice(0, -1)}` }) };
  };
}

async function forwarded(behind: URL, ca: string, incoming: IncomingMessage, body: string): Promise<AcmeReply> {
  const { method, url: path, headers } = incoming;
  const options = { host: '127.0.0.1', servername: 'localhost', port: behind.port, path, method, ca, agent: false };
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ ...options, headers: { ...headers, connection: 'close' } }, resolve);
    asked.on('error', reject);
    asked.end(body);
  });
  const kept = Object.entries(reply.headers).flatMap(([name, value]) =>
    hopByHop.includes(name) || value === undefined ? [] : [[name, String(value)] as const],
  );
  return { status: reply.statusCode ?? 502, headers: Object.fromEntries(kept), body: await textOf(reply) };
}

const hopByHop = ['connection', 'content-length', 'transfer-encoding', 'keep-alive'];

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
