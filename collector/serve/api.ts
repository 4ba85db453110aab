import type { FastifyInstance } from 'fastify';
import type { Clock } from '../ports.ts';
import type { ApiNeeds } from './api/needs.ts';
import { textStream } from './api/json-stream.ts';
import { addRoutes } from './api/route.ts';
import { apiPageOf, routes } from './api/routes.ts';
import { metricsText } from './metrics.ts';
import { keepLabels } from './metrics/certificate-labels.ts';
import { takeTurns } from './metrics/turns.ts';
import { sendProblem } from './problem.ts';

/** The JSON API with the page that describes it, the live stream, /metrics and /healthz. Every item has the shape that it has in Estate. */
export function addApi(app: FastifyInstance, needs: ApiNeeds & { clock: Clock }): void {
  const { estate, counts, isWritable, collector, clock } = needs;
  const nextTurn = takeTurns(clock);
  const labels = keepLabels(labelsKept);
  addRoutes(app, routes, needs);

  app.get('/api', (_, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(apiPageOf(collector.version)),
  );

  // Each scrape holds all rows until it is read: one at a time does, and for a bounded time.
  app.get('/metrics', async (_, reply) => {
    const endTurn = await nextTurn(scrapeWaitMs);
    if (!endTurn) {
      reply.header('retry-after', String(scrapeWithinMs / 1000));
      return sendProblem(reply, 503, 'Busy', 'Others read the metrics, and one does so at a time.');
    }
    try {
      const read = await estate();
      const text = metricsText(read, { counts: await counts(), labelsOf: labels(), now: needs.now() });
      const stream = textStream(text, needs.now);
      const cancel = clock.after(scrapeWithinMs, () => stream.destroy(new Error('nobody read the metrics in time')));
      stream.once('close', () => {
        cancel();
        endTurn();
      });
      return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(stream);
    } catch (error) {
      endTurn();
      throw error;
    }
  });

  app.get('/healthz', async (_, reply) => {
    if (await isWritable()) return reply.header('cache-control', 'no-store').send({ status: 'ok' });
    return sendProblem(reply, 503, 'Read-only', 'The database cannot be written: certherd-collector doctor says why.');
  });
}

/** Certificates whose labels are kept between two scrapes: 30 MB. */
const labelsKept = 50_000;

/** A scrape waits for so long for those before it: less than Prometheus does. */
const scrapeWaitMs = 8_000;
/** So long a scrape may be read: a large estate takes seconds. */
const scrapeWithinMs = 30_000;
