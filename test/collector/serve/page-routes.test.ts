import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import test from 'ava';
import { fastify } from 'fastify';
import { pageFile } from '../../../collector/serve/page-files.ts';
import { addPage } from '../../../collector/serve/page-routes.ts';

const text = 'grey is unknown, green is proved. '.repeat(100);

test('a file of the page is sent in the smallest coding that is taken, each with a tag of its own', async (t) => {
  const app = fastify();
  addPage(app, new Map([['/page.css', pageFile('text/css', Buffer.from(text))]]));
  const asked = (accepted?: string, tag?: string) =>
    app.inject({
      url: '/page.css',
      headers: { ...(accepted && { 'accept-encoding': accepted }), ...(tag && { 'if-none-match': tag }) },
    });
  for (const [accepted, coding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['gzip;q=0.5,BR', 'br'],
    ['gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['xbr, gzipped, brx', undefined],
    [undefined, undefined],
  ] as const) {
    const response = await asked(accepted);
    t.is(response.headers['content-encoding'], coding, accepted);
    const opened = { br: brotliDecompressSync, gzip: gunzipSync, none: (body: Buffer) => body }[coding ?? 'none'];
    t.is(opened(response.rawPayload).toString(), text);
    const tag = String(response.headers.etag);
    t.is(tag.replace(/^"[\w-]{22}/, ''), coding ? `-${coding}"` : '"');
    t.is((await asked(accepted, tag)).statusCode, 304);
  }
});
