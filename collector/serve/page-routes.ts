import type { FastifyInstance } from 'fastify';
import type { PageFiles } from './page-files.ts';

/**
 * Serves the page's files, compressed for whoever takes it. Names that stay the same from version to version are asked
 * for at every use; a compressed body has a tag of its own (RFC 9110 8.8.3.3).
 */
export function addPage(app: FastifyInstance, pageFiles: PageFiles): void {
  for (const [path, { body, gzip, contentType, etag, immutable }] of pageFiles)
    app.get(path, ({ headers }, reply) => {
      const compressed = takesGzip(headers['accept-encoding']);
      const tag = compressed ? `${etag.slice(0, -1)}-gzip"` : etag;
      reply
        .header('etag', tag)
        .header('vary', 'accept-encoding')
        .header('cache-control', immutable ? 'max-age=31536000, immutable' : 'no-cache');
      if (headers['if-none-match'] === tag) return reply.code(304).send();
      if (compressed) reply.header('content-encoding', 'gzip');
      return reply.header('content-type', contentType).send(Buffer.from(compressed ? gzip : body));
    });
}

function takesGzip(accepted: unknown): boolean {
  return typeof accepted === 'string' && /(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))/i.test(accepted);
}
