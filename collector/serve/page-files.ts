import { createHash } from 'node:crypto';
import { getRawAsset, isSea } from 'node:sea';

export interface PageFile {
  contentType: string;
  body: Uint8Array;
  /** Strong entity tag, quoted (RFC 9110 8.8.3). */
  etag: string;
}

/** The status page's files by the path they are served at. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Where each file is served, and as what. */
const served = [
  { path: '/', name: 'index.html', contentType: 'text/html; charset=utf-8' },
  { path: '/findings', name: 'findings.html', contentType: 'text/html; charset=utf-8' },
  { path: '/assets/page.css', name: 'page.css', contentType: 'text/css; charset=utf-8' },
  { path: '/assets/page.js', name: 'page.js', contentType: 'text/javascript; charset=utf-8' },
] as const;
export type PageFileName = (typeof served)[number]['name'];

/** The key of a page's file in the single binary. */
export const pageAssetKey = (name: PageFileName): string => `page/${name}`;

/** The page as the single binary holds it; in a clone bundled from collector/web, in memory. */
export async function readPageFiles(): Promise<PageFiles> {
  if (isSea()) return pageFiles((name) => new Uint8Array(getRawAsset(pageAssetKey(name))));
  const bundled = await (await import('./page-bundle.ts')).bundlePage();
  return pageFiles((name) => bundled[name]);
}

function pageFiles(bodyOf: (name: PageFileName) => Uint8Array): PageFiles {
  return new Map(served.map(({ path, name, contentType }) => [path, pageFile(contentType, bodyOf(name))]));
}

/** A file with its tag. */
export function pageFile(contentType: string, body: Uint8Array): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { contentType, body, etag };
}
