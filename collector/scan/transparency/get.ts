import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Reach, reachOf } from '@certherd/handshake/outside/address';
import type { Result } from '@certherd/protocol/failure';
import { codeOf, messageOf } from '../../failure.ts';
import type { GetFromLog } from './read-log.ts';

/** 256 entries with the largest certificates that CAs make are some MiB. */
const mostBytes = 8 * 1024 * 1024;
const mostUnpacked = 32 * 1024 * 1024;
const deadlineMs = 30_000;

export interface LogConnection {
  get: GetFromLog;
  /** When the log wants to be asked again, in milliseconds from its last answer; undefined: it said nothing. */
  retryAfterMs: () => number | undefined;
  close: () => void;
}

/**
 * GET below a log's monitoring prefix over one connection, through the proxy that `environment` names for it (HTTPS_PROXY, NO_PROXY). No redirect is followed. Where
 * there is no proxy, the address is judged as it is connected to, as of everything that is asked from outside.
 */
export function connectLog(
  prefix: string,
  allow: ReadonlySet<Reach>,
  environment: NodeJS.ProcessEnv,
  rootPems: readonly string[] = [],
): LogConnection {
  const base = prefix.endsWith('/') ? prefix : `${prefix}/`;
  const secure = base.startsWith('https:');
  const options = { keepAlive: true, maxSockets: 1, proxyEnv: environment };
  const agent = secure
    ? new https.Agent({ ...options, ...(rootPems.length > 0 && { ca: [...rootPems] }) })
    : new http.Agent(options);
  let retryAfterMs: number | undefined;
  const judged = judgingLookup(allow, proxiesOf(environment));
  return {
    retryAfterMs: () => retryAfterMs,
    close: () => agent.destroy(),
    async get(path) {
      const url = new URL(path, base);
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isAllowed(host, allow)) return no(`${host} may not be asked: scan_allow`);
      const answer = await ask(url, { agent, lookup: judged, secure });
      if (!answer.ok) return no(`${path}: ${answer.failure}`);
      retryAfterMs = answer.value.retryAfterMs;
      const { status, body, isPacked } = answer.value;
      if (status !== 200) return no(`${path}: status ${status}`);
      if (!isPacked) return { ok: true, value: body };
      try {
        return { ok: true, value: await unpack(body, { maxOutputLength: mostUnpacked }) };
      } catch (error) {
        return no(`${path}: not gzip, or too large (${codeOf(error)})`);
      }
    },
  };
}

interface Answer {
  status: number;
  body: Buffer;
  isPacked: boolean;
  retryAfterMs: number | undefined;
}

function ask(
  url: URL,
  { agent, lookup, secure }: { agent: http.Agent; lookup: LookupFunction; secure: boolean },
): Promise<Result<Answer, string>> {
  return new Promise((resolve) => {
    const headers = { 'accept-encoding': 'gzip, identity', 'user-agent': 'certherd-collector' };
    const asked = (secure ? https : http).get(url, { agent, lookup, headers });
    const end = (result: Result<Answer, string>) => {
      clearTimeout(deadline);
      resolve(result);
      if (!result.ok) asked.destroy();
    };
    const deadline = setTimeout(() => end(no(`no whole answer within ${deadlineMs / 1000} s`)), deadlineMs);
    asked.on('error', (error) => end(no(codeOf(error) || messageOf(error))));
    asked.on('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('error', (error) => end(no(codeOf(error) || messageOf(error))));
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > mostBytes) end(no(`more than ${mostBytes} bytes`));
        else parts.push(part);
      });
      response.on('end', () => {
        const seconds = Number(response.headers['retry-after']);
        const isPacked = response.headers['content-encoding'] === 'gzip';
        const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, 3_600_000) : undefined;
        end({
          ok: true,
          value: { status: response.statusCode ?? 0, body: Buffer.concat(parts), isPacked, retryAfterMs },
        });
      });
    });
  });
}

/** The system's, of which only those addresses are left that may be asked; the connection goes to one of them. */
function judgingLookup(allow: ReadonlySet<Reach>, proxies: ReadonlySet<string>): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      // Who set a proxy up for this process said where it is.
      const addresses = proxies.has(hostname) ? found : found.filter(({ address }) => isAllowed(address, allow));
      const [first] = addresses;
      if (!first) return done(Object.assign(new Error('not allowed'), { code: 'EADDRESSNOTALLOWED' }), []);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function proxiesOf(environment: NodeJS.ProcessEnv): ReadonlySet<string> {
  const named = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].map((name) => environment[name] ?? '');
  return new Set(named.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : [])));
}

function isAllowed(address: string, allow: ReadonlySet<Reach>): boolean {
  const reach = reachOf(address);
  return reach === 'public' || (reach !== 'never' && allow.has(reach));
}

const unpack = promisify(gunzip);

function no(failure: string): { ok: false; failure: string } {
  return { ok: false, failure };
}
