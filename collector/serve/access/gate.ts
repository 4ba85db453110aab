import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSettings } from '../../config-web.ts';
import { every } from '../../ports.ts';
import { isOwnHost } from '../host-guard.ts';
import { sendProblem } from '../problem.ts';
import { type Caller, type CallerNeeds, createCallers } from './caller.ts';
import { againPage, sendPage } from './pages.ts';
import { isOwnOrigin } from './own-origin.ts';
import { mayHave, type RouteRule, type RouteTable } from './route-table.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, once the gate has let it through. */
    caller: Caller;
  }
}

export interface GateNeeds extends CallerNeeds {
  listenHost: string;
  web: WebSettings;
  table: RouteTable;
}

/** What stands open is looked at this often: whoever lost the right to it loses it within 5 s. */
const lookMs = 2_000;

/**
 * Stands before every route: the name that was asked for is our own, the method is known, who asks may have it, and what changes something comes from our own
 * page. Returns the registered routes as they come.
 */
export async function addGate(app: FastifyInstance, needs: GateNeeds): Promise<string[]> {
  const { listenHost, web, table, clock, log } = needs;
  const callerOf = createCallers(needs);
  const routes: string[] = [];
  const open = new Map<FastifyRequest, { reply: FastifyReply; rule: RouteRule }>();
  await app.register(cookie);
  app.decorateRequest('caller');
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if (one !== 'HEAD') routes.push(`${one} ${url}`);
      if (!table(one, url))
        log.error({ route: `${one} ${url}` }, 'a route is not in the table of routes: it is refused');
    }
  });

  app.addHook('onRequest', async (request, reply) => {
    const { method, headers, routeOptions } = request;
    const isReading = method === 'GET' || method === 'HEAD';
    if (!isOwnHost(request.host, listenHost, { names: web.names, localAddress: request.socket.localAddress }))
      return sendProblem(reply, 421, 'Misdirected Request', misdirected);
    const isKnown = !request.is404 && routeOptions.url !== undefined;
    if (!isKnown && isReading) return undefined;
    const rule = isKnown ? table(method, routeOptions.url ?? '') : undefined;
    if (!isKnown)
      return sendProblem(reply.header('allow', 'GET, HEAD'), 405, 'Method Not Allowed', 'Nothing is changed here.');
    if (!rule) return sendProblem(reply, 403, 'Forbidden', 'Nobody may have this.');
    request.caller = await callerOf(request);
    if (!mayHave(rule, request.caller.role, web.anonymous === 'wall')) return refuse(request, reply, rule);
    const from = { fetchSite: one(headers['sec-fetch-site']), origin: headers.origin };
    if (!isReading && request.caller.by !== 'token' && !isOwnOrigin(from, request))
      return sendProblem(reply, 403, 'Forbidden', 'This was not asked by a page of this collector.');
    // Who left while it was looked up is told of its end no more.
    if (rule.kind === 'stream' && !reply.raw.destroyed) {
      open.set(request, { reply, rule });
      reply.raw.once('close', () => open.delete(request));
    }
    return undefined;
  });

  // A body may take half a minute to come: whoever lost the right to it meanwhile changes nothing.
  app.addHook('preHandler', async (request, reply) => {
    const { method, routeOptions } = request;
    if (method === 'GET' || method === 'HEAD') return undefined;
    const rule = table(method, routeOptions.url ?? '');
    if (!rule || rule.least === 'nobody') return undefined;
    request.caller = await callerOf(request);
    return mayHave(rule, request.caller.role, false) ? undefined : refuse(request, reply, rule);
  });

  let looking = false;
  let stop = () => {};
  // Where nothing listens in the end nothing has to be stopped.
  app.addHook('onListen', async () => {
    stop = every(clock, lookMs, () => void look());
  });
  app.addHook('onClose', async () => stop());
  return routes;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      // A hundred pages of one session are one question.
      const roleOf = new Map<string, Promise<Caller>>();
      for (const [request, { reply, rule }] of open) {
        const { authorization = '', cookie: sent = '', [web.userHeader ?? '']: named = '' } = request.headers;
        const key = JSON.stringify([authorization, sent, named, request.socket.remoteAddress]);
        const asking = roleOf.get(key) ?? callerOf(request);
        roleOf.set(key, asking);
        if (!mayHave(rule, (await asking).role, web.anonymous === 'wall')) reply.raw.destroy();
      }
    } catch (error) {
      log.debug({ detail: String(error) }, 'whether open pages are still signed in could not be read');
    } finally {
      looking = false;
    }
  }
}

const misdirected =
  'This collector answers to its own names only: loopback, the address that it listens on, and web_names.';

/** Nobody signs in first; somebody is told that the role is not enough. */
function refuse(request: FastifyRequest, reply: FastifyReply, { kind, least }: RouteRule): FastifyReply {
  const { caller, url, method, headers } = request;
  if (caller.role !== undefined)
    return sendProblem(
      reply,
      403,
      'Forbidden',
      `This needs the role ${least}; ${caller.name ?? 'whoever did not sign in'} is ${caller.role}.`,
    );
  if (kind === 'page' && caller.by === 'nobody' && caller.name === undefined && method === 'GET') {
    // SameSite=Strict: what another site led to comes without the session. Asked again from a page of ours it has it.
    if (one(headers['sec-fetch-site']) === 'cross-site') return sendPage(reply, againPage(url));
    return reply.header('cache-control', 'no-store').redirect(`/sign-in?next=${encodeURIComponent(url)}`, 303);
  }
  return sendProblem(
    reply.header('www-authenticate', 'Bearer'),
    401,
    'Unauthorized',
    caller.name === undefined
      ? 'Sign in at /sign-in, or send an API token.'
      : 'The proxy named somebody who is no user here.',
  );
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
