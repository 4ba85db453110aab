import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { type Authority, formatAuthority } from '../../authority.ts';
import { codeOf, messageOf } from '../../failure.ts';
import { procText } from './serving.ts';

/** What was found at one of the collector's two addresses. */
export interface ListenerFacts {
  field: 'agent_listen' | 'web_listen';
  address: string;
  /** A port of 0 is chosen at each start. */
  port: number;
  /** Who holds the port, where somebody does; pid and name are absent where that is not told to this user. */
  holder?: { pid?: number; name?: string };
  /** Why nobody could listen there though it is free, as this user: "EADDRNOTAVAIL". */
  refused?: string;
  /** What a client gets; absent where nobody serves. */
  answer?: { ok: true; pin?: string; status?: number } | { ok: false; detail: string };
}

const answerMs = 5_000;

export async function observeListener(
  field: ListenerFacts['field'],
  at: Authority,
  { isServed, isSecure }: { isServed: boolean; isSecure: boolean },
): Promise<ListenerFacts> {
  const holder = at.port === 0 ? undefined : holderOf(at.port);
  const asked =
    at.port === 0 || !isServed ? undefined : field === 'web_listen' ? await askWeb(at, isSecure) : await askAgents(at);
  const refused = at.port === 0 || isServed || holder ? undefined : await refusalOf(at);
  return {
    field,
    address: formatAuthority(at),
    port: at.port,
    ...(holder && { holder }),
    ...(refused !== undefined && { refused }),
    ...(asked && { answer: asked }),
  };
}

/** Listens there for a moment, and takes no connection. */
function refusalOf({ host, port }: Authority): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => resolve(codeOf(error) || messageOf(error)));
    server.listen({ host, port, backlog: 1 }, () => server.close(() => resolve(undefined)));
  });
}

/** Where a listener at all addresses is asked. */
function dialled({ host, port }: Authority): { host: string; port: number } {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}

function askAgents(at: Authority): Promise<NonNullable<ListenerFacts['answer']>> {
  return new Promise((resolve) => {
    const socket = connect({ ...dialled(at), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const end = (answer: NonNullable<ListenerFacts['answer']>) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, () => end({ ok: false, detail: `no answer within ${answerMs / 1000} s` }));
    socket.once('error', (error) => end({ ok: false, detail: codeOf(error) || messageOf(error) }));
    socket.once('secureConnect', () => {
      const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
      end({ ok: true, pin: spki ? createHash('sha256').update(spki).digest('base64url') : '' });
    });
  });
}

/** What the page's listener says at /healthz, as a status of HTTP; with TLS whatever its certificate says: it is this machine that is asked. */
export function askWeb(at: Authority, isSecure: boolean): Promise<NonNullable<ListenerFacts['answer']>> {
  return new Promise((resolve) => {
    const options = { ...dialled(at), path: '/healthz', timeout: answerMs, rejectUnauthorized: false };
    const asked = (isSecure ? secureRequest : request)(options, (response) => {
      response.resume();
      resolve({ ok: true, status: response.statusCode ?? 0 });
      asked.destroy();
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${answerMs / 1000} s`)));
    asked.on('error', (error) => resolve({ ok: false, detail: codeOf(error) || messageOf(error) }));
    asked.end();
  });
}

/** Who listens at this port, by /proc (proc(5)): state 0A is LISTEN. Undefined: nobody, as far as is seen. */
function holderOf(port: number): ListenerFacts['holder'] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = ['net/tcp', 'net/tcp6'].flatMap((table) => (procText(table) ?? '').split('\n'));
  const row = rows
    .map((text) => text.trim().split(/\s+/))
    .find(([, local = '', , state]) => state === '0A' && local.endsWith(`:${hex}`));
  if (!row) return undefined;
  const link = `socket:[${row[9]}]`;
  const pid = namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) =>
      namesIn(`/proc/${name}/fd`).some((descriptor) => linkAt(`/proc/${name}/fd/${descriptor}`) === link),
    );
  const name = pid === undefined ? undefined : procText(`${pid}/comm`)?.trim();
  return { ...(pid !== undefined && { pid: Number(pid) }), ...(name !== undefined && { name }) };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
