import type { FastifyInstance } from 'fastify';
import type { ApiNeeds } from './api/needs.ts';
import { textStream } from './api/json-stream.ts';
import { addRoutes } from './api/route.ts';
import { apiPageOf, routes } from './api/routes.ts';
import { metricsText } from './metrics.ts';
import { keepLabels } from './metrics/certificate-labels.ts';
import { sendProblem } from './problem.ts';

/** The JSON API with the page that describes it, the live stream, /metrics and /healthz. Every item has the shape that it has in Estate. */
export function addApi(app: FastifyInstance, needs: ApiNeeds): void {
  const { estate, counts, isWritable, collector } = needs;
  const labels = keepLabels(labelsKept);
  addRoutes(app, routes, needs);

  app.get('/api', (_, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(apiPageOf(collector.version)),
  );

  app.get('/metrics', async (_, reply) => {
    const read = await estate();
    const text = metricsText(read, { counts: await counts(), labelsOf: labels(), now: needs.now() });
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(textStream(text));
  });

  app.get('/healthz', async (_, reply) => {
    if (await isWritable()) return reply.header('cache-control', 'no-store').send({ status: 'ok' });
    return sendProblem(reply, 503, 'Read-only', 'The database cannot be written: certherd-collector doctor says why.');
  });
}

/** Certificates whose labels are kept between two scrapes: 30 MB. */
const labelsKept = 50_000;
