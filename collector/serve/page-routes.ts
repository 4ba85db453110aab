import type { FastifyInstance } from 'fastify';
import type { PageFiles } from './page-files.ts';

/**
 * Serves the page's files, compressed for whoever takes it. Names that stay the same from version to version are asked
 * for at every use; a compressed body has a tag of its own (RFC 9110 8.8.3.3).
 */
export function addPage(app: FastifyInstance, pageFiles: PageFiles): void {
  for (const [path, file] of pageFiles)
    app.get(path, ({ headers }, reply) => {
      const { body, contentType, etag, immutable } = file;
      const coding = codings.find((one) => takes(one, headers['accept-encoding']));
      const tag = coding ? `${etag.slice(0, -1)}-${coding}"` : etag;
      reply
        .header('etag', tag)
        .header('vary', 'accept-encoding')
        .header('cache-control', immutable ? 'max-age=31536000, immutable' : 'no-cache');
      if (headers['if-none-match'] === tag) return reply.code(304).send();
      if (coding) reply.header('content-encoding', coding);
      return reply.header('content-type', contentType).send(Buffer.from(coding ? file[coding] : body));
    });
}

/** The smallest first. */
const codings = ['br', 'gzip'] as const;

/** Content codings by their names (RFC 9110 12.5.3). */
function takes(coding: (typeof codings)[number], accepted: unknown): boolean {
  const named = new RegExp(String.raw`(?:^|[,\s])${coding}(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))(?=\s*(?:[,;]|$))`, 'i');
  return typeof accepted === 'string' && named.test(accepted);
}
