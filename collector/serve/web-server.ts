import helmet from '@fastify/helmet';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { type Authority, isLoopback } from '../authority.ts';
import { isStartFailure, isUnreachable, messageOf } from '../failure.ts';
import { listenFailure } from '../listen.ts';
import type { WebSettings } from '../config-web.ts';
import type { Clock, Log } from '../ports.ts';
import { addGate } from './access/gate.ts';
import { addProviderSignIn } from './access/provider-sign-in.ts';
import { routeTable } from './access/route-table.ts';
import { addSignIn } from './access/sign-in.ts';
import { addAnswer, type AnswerNeeds } from './answer.ts';
import { addApi } from './api.ts';
import type { ApiNeeds } from './api/needs.ts';
import type { RateLimit } from './api/rate-limit.ts';
import type { PageFiles } from './page-files.ts';
import { addPage } from './page-routes.ts';
import { sendProblem } from './problem.ts';
import { createWebServer, followWebFiles, readWebIdentity, type WebIdentity } from './web-tls.ts';

export interface WebServer {
  address: Authority;
  /** "GET /api/v1/estate", of each that is registered. */
  routes: readonly string[];
  close: () => Promise<void>;
}

export interface WebServerOptions extends ApiNeeds, AnswerNeeds {
  listen: Authority;
  web: WebSettings;
  /** The collector's own, as agents are shown it. */
  identity: WebIdentity;
  clock: Clock;
  pageFiles: PageFiles;
  /** Of the API, for each address. */
  rateLimit: RateLimit;
  log: Log;
  /** Where people open it from outside, as messages name it: one of its own names. */
  page: string | undefined;
}

/** The page, the API and the metrics on one listener: own names only, and each route for who may have it (access/route-table.ts). */
export async function openWebServer(options: WebServerOptions): Promise<WebServer> {
  const { listen, pageFiles, rateLimit, log, web, clock } = options;
  const identity = readWebIdentity(web.tls, options.identity);
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    exposeHeadRoutes: true,
    // A link in a message names a channel, of up to 64 characters.
    routerOptions: { maxParamLength: 512 },
    trustProxy: web.proxies.length > 0 && [...web.proxies],
    serverFactory: createWebServer(identity),
    ...strictly,
  });
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  // JSON alone: what a form can send without asking, text/plain among it, is no way in.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async ({ routeOptions, ip }, reply) => {
    // By the route: an address may be spelled in many ways.
    const wait = limited.test(routeOptions.url ?? '') ? rateLimit.take(ip) : 0;
    if (wait > 0)
      return sendProblem(reply.header('retry-after', wait), 429, 'Too Many Requests', `Ask again in ${wait} s.`);
    return undefined;
  });
  const routes = await addGate(app, {
    ...options,
    web: options.page === undefined ? web : { ...web, names: [...web.names, new URL(options.page).hostname] },
    listenHost: listen.host,
    table: routeTable(pageFiles.keys()),
    isLocal: isLoopback(listen.host) && web.proxies.length === 0,
  });
  app.setNotFoundHandler((_, reply) => sendProblem(reply, 404, 'Not Found', 'Nothing is kept at this address.'));
  app.setErrorHandler((error: FastifyError, _, reply) => {
    const { statusCode = 500 } = error;
    if (isUnreachable(error)) {
      log.debug({ detail: error.message }, 'a request found no database');
      return sendProblem(reply, 503, 'Service Unavailable', 'The database cannot be reached: it is being tried again.');
    }
    const wrong = refusals[statusCode];
    if (wrong) return sendProblem(reply, statusCode, ...wrong);
    log.error({ detail: messageOf(error) }, 'a request failed');
    return sendProblem(reply, 500, 'Internal Server Error', 'The collector’s log says more.');
  });
  addPage(app, pageFiles);
  addApi(app, options);
  addAnswer(app, options);
  const { oidc } = web;
  addSignIn(app, { ...options, provider: oidc?.issuer });
  if (oidc) addProviderSignIn(app, { ...options, oidc });
  const address = await start(app, listen);
  app.server.on('error', (error) => log.error({ detail: error.message }, 'a connection could not be accepted'));
  const stop = followWebFiles(app.server, web.tls, { clock, log });
  return {
    address,
    routes,
    async close() {
      stop();
      await app.close();
    },
  };
}

/** Routes that cost more than a file. */
const limited = /^\/(?:api|answer|invite|sign-in|set-up|metrics)(?:\/|$)/;
/** What Fastify finds wrong with a request before a route sees it, in our own words. */
const refusals: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  400: ['Bad Request', 'The body is not JSON, or the address is not one.'],
  413: ['Content Too Large', 'The body is larger than anything that is taken here.'],
  414: ['URI Too Long', 'The address is longer than any that is known here.'],
  415: ['Unsupported Media Type', 'Send application/json.'],
};
/** A word that no route knows is refused: a mistyped filter would answer with everything. */
const strictly = { ajv: { customOptions: { removeAdditional: false as const } } };

const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

async function start(app: FastifyInstance, listen: Authority): Promise<Authority> {
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await app.close();
    throw isStartFailure(error) || !(error instanceof Error) ? error : listenFailure('web_listen', listen, error);
  }
  const bound = app.server.address();
  return bound && typeof bound === 'object' ? { host: listen.host, port: bound.port } : listen;
}
