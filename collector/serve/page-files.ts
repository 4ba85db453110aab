import { createHash } from 'node:crypto';
import { getAssetKeys, getRawAsset, isSea } from 'node:sea';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export interface PageFile {
  contentType: string;
  body: Uint8Array;
  /** The same, compressed (RFC 1952; RFC 7932, which browsers take over TLS and on this machine). */
  gzip: Uint8Array;
  br: Uint8Array;
  /** Strong entity tag, quoted (RFC 9110 8.8.3). */
  etag: string;
  /** Its name has its content's digest in it: what was had once need not be asked for again. */
  immutable: boolean;
}

/** The page's files by the path they are served at; "/hosts/*" is every path below /hosts. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const prefix = 'page/';

/** The key of a page's file in the single binary. */
export const pageAssetKey = (name: string): string => `${prefix}${name}`;

/** The page as the single binary holds it; in a clone bundled from collector/web, in memory. */
export async function readPageFiles(): Promise<PageFiles> {
  if (isSea()) {
    const keys = getAssetKeys().filter((key) => key.startsWith(prefix));
    return pageFiles(keys.map((key) => [key.slice(prefix.length), new Uint8Array(getRawAsset(key))]));
  }
  return pageFiles(await (await import('./page-bundle.ts')).bundlePage());
}

const contentTypes: Readonly<Record<string, string>> = { html: 'text/html', css: 'text/css', js: 'text/javascript' };

function pageFiles(bodies: Iterable<readonly [string, Uint8Array]>): PageFiles {
  const files = new Map<string, PageFile>();
  for (const [name, body] of bodies) {
    const [, stem = '', extension = ''] = /^(.*)\.(html|css|js)$/.exec(name) ?? [];
    const type = contentTypes[extension] ?? 'application/octet-stream';
    const file = pageFile(`${type}; charset=utf-8`, body, /-[A-Z0-9]{8}$/.test(stem));
    if (extension !== 'html') files.set(`/${name}`, file);
    else if (stem === 'index') files.set('/', file);
    else files.set(`/${stem}`, file);
    if (extension === 'html' && !['index', 'findings'].includes(stem)) files.set(`/${stem}/*`, file);
  }
  return files;
}

/** A fifth of a second for all files; the best quality saves a sixteenth more and takes two seconds of each start. */
const quickBrotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** A file with its tag. */
export function pageFile(contentType: string, body: Uint8Array, immutable = false): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const gzip = gzipSync(body, { level: 9 });
  return { contentType, body, gzip, br: brotliCompressSync(body, quickBrotli), etag, immutable };
}
