import type { FastifyRequest } from 'fastify';
import { spelled } from '../../accounts/name.ts';
import type { Role } from '../../accounts/role.ts';
import { apiTokenPrefix, hashSecret } from '../../accounts/secret.ts';
import type { WebSettings } from '../../config-web.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Accounts, Actor } from '../../store/accounts.ts';
import { cookieName, isOver } from './session-cookie.ts';

/** Who a request is from, and what that may do. */
export interface Caller {
  /** `open`: there are no accounts, and the page is for this machine alone. */
  by: 'session' | 'token' | 'proxy' | 'open' | 'nobody';
  /** Of the user or the API token. */
  name?: string;
  /** Which user stands behind it; absent for an API token that is nobody's. */
  user?: string;
  /** Absent: nothing but what is for whoever comes. */
  role?: Role;
  /** When the session is over at the latest, in milliseconds since 1970. */
  endsAt?: number;
  /** What is kept of the cookie. */
  session?: Buffer;
}

export interface CallerNeeds {
  accounts: Accounts;
  web: Pick<WebSettings, 'proxies' | 'signIn' | 'userHeader'>;
  /** The listener is for this machine alone, and no proxy leads to it. */
  isLocal: boolean;
  clock: Clock;
  log: Log;
}

/** How often it is written down that a session or a token is in use. */
const noteMs = 60_000;
/** For so long nobody is asked whether there are users now: a second of the open page is what it costs. */
const openMs = 1_000;

/** Asks for the caller of a request. A wrong token, or a name that no user has, is nobody: it does not fall back to a cookie. */
export function createCallers(needs: CallerNeeds): (request: FastifyRequest) => Promise<Caller> {
  const { accounts, web, isLocal, clock, log } = needs;
  let openUntil = -Infinity;

  return async (request) => {
    const { authorization } = request.headers;
    // Other schemes are between browser and proxy (RFC 7617, RFC 4559).
    if (authorization !== undefined && /^Bearer(?: |$)/i.test(authorization)) return ofToken(authorization);
    if (web.userHeader !== undefined && isFromProxy(request, web.proxies)) {
      const named = request.headers[web.userHeader];
      if (typeof named === 'string' && named !== '') return ofProxy(spelled(named));
    }
    const secret = request.cookies[cookieName(request)];
    return (secret === undefined ? undefined : await ofSession(secret)) ?? ofNobody();
  };

  async function ofToken(authorization: string): Promise<Caller> {
    const [, secret = ''] = /^Bearer ([\w-]{1,200})$/i.exec(authorization) ?? [];
    if (!secret.startsWith(apiTokenPrefix)) return { by: 'nobody' };
    const hash = hashSecret(secret);
    const token = await accounts.apiToken(hash);
    const now = clock.now();
    if (!token || now >= token.expiresAt) return { by: 'nobody' };
    if (token.usedAt === undefined || now - token.usedAt > noteMs) note(accounts.noteUsed(hash, now));
    return { by: 'token', name: token.name, role: token.role, ...(token.user !== undefined && { user: token.user }) };
  }

  async function ofProxy(name: string): Promise<Caller> {
    const user = await accounts.user(name);
    if (!user || user.disabledAt !== undefined) return { by: 'nobody', name };
    return { by: 'proxy', name, user: name, role: user.role };
  }

  async function ofSession(secret: string): Promise<Caller | undefined> {
    const hash = hashSecret(secret);
    const session = await accounts.session(hash);
    const now = clock.now();
    if (!session || isOver(session, now)) return undefined;
    if (now - session.seenAt > noteMs) note(accounts.noteSeen(hash, now));
    const { user, role, endsAt } = session;
    return { by: 'session', name: user, user, role, endsAt, session: hash };
  }

  async function ofNobody(): Promise<Caller> {
    if (!isLocal || web.signIn) return { by: 'nobody' };
    if (clock.monotonic() < openUntil) return open;
    if (await accounts.hasUsers()) return { by: 'nobody' };
    openUntil = clock.monotonic() + openMs;
    return open;
  }

  /** That it cannot be kept is no reason to refuse what was asked. */
  function note(kept: Promise<unknown>): void {
    kept.catch((error: unknown) => log.debug({ detail: String(error) }, 'the use of a session was not written down'));
  }
}

const open: Caller = { by: 'open', role: 'viewer' };

/** Did the connection itself come from a configured proxy? */
function isFromProxy({ socket }: Pick<FastifyRequest, 'socket'>, proxies: readonly string[]): boolean {
  // An IPv4 address as itself, also where the listener is one of IPv6 (RFC 4291 2.5.5.2).
  return proxies.includes((socket.remoteAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/, ''));
}

/** As the history tells it. */
export function actorOf({ by, name }: Caller): Actor {
  if (by === 'token') return { actor: name ?? '', via: 'api-token' };
  if (by === 'proxy') return { actor: name ?? '', via: 'proxy' };
  return by === 'session' ? { actor: name ?? '', via: 'page' } : { actor: '', via: 'nobody' };
}
