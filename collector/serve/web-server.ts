import helmet from '@fastify/helmet';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Authority } from '../authority.ts';
import { isStartFailure, isUnreachable, messageOf } from '../failure.ts';
import { listenFailure } from '../listen.ts';
import type { Log } from '../ports.ts';
import { addAnswer, type AnswerNeeds } from './answer.ts';
import { addApi, type ApiNeeds } from './api.ts';
import { isOwnHost } from './host-guard.ts';
import type { PageFiles } from './page-files.ts';
import { addPage } from './page-routes.ts';
import { sendProblem } from './problem.ts';

export interface WebServer {
  address: Authority;
  close: () => Promise<void>;
}

export interface WebServerOptions extends ApiNeeds, AnswerNeeds {
  listen: Authority;
  pageFiles: PageFiles;
  log: Log;
  /** Where people open it from outside, as messages name it: links in messages are answered under this name too. */
  page: string | undefined;
}

/** The page, the API and the metrics on one listener: GET only but for answers to messages, own names only, nothing from outside. */
export async function openWebServer(options: WebServerOptions): Promise<WebServer> {
  const { listen, pageFiles, log } = options;
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024, exposeHeadRoutes: true });
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  const outside = options.page === undefined ? undefined : new URL(options.page).host;
  app.addHook('onRequest', async ({ headers, method, url }, reply) => {
    const isAnswer = url.startsWith('/answer/');
    if (!isOwnHost(headers.host, listen.host) && !(isAnswer && headers.host === outside))
      return sendProblem(reply, 421, 'Misdirected Request', 'This collector answers to its own address only.');
    if (method !== 'GET' && method !== 'HEAD' && !(isAnswer && method === 'POST'))
      return sendProblem(reply.header('allow', 'GET, HEAD'), 405, 'Method Not Allowed', 'Only GET is known here.');
    return undefined;
  });
  app.setNotFoundHandler((_, reply) => sendProblem(reply, 404, 'Not Found', 'Nothing is kept at this address.'));
  app.setErrorHandler((error, _, reply) => {
    if (isUnreachable(error)) {
      log.debug({ detail: error.message }, 'a request found no database');
      return sendProblem(reply, 503, 'Service Unavailable', 'The database cannot be reached: it is being tried again.');
    }
    log.error({ detail: messageOf(error) }, 'a request failed');
    return sendProblem(reply, 500, 'Internal Server Error', 'The collector’s log says more.');
  });
  addPage(app, pageFiles);
  addApi(app, options);
  addAnswer(app, options);
  const address = await start(app, listen);
  app.server.on('error', (error) => log.error({ detail: error.message }, 'a connection could not be accepted'));
  return { address, close: () => app.close() };
}

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
