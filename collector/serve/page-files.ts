import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, startFailure } from '../failure.ts';

export interface PageFile {
  contentType: string;
  body: Uint8Array;
  /** Strong entity tag, quoted (RFC 9110 8.8.3). */
  etag: string;
}

/** The status page's files by the path they are served at. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** In a source checkout: bundles collector/web in memory. A packaged binary gives its embedded files instead. */
export async function buildPageFiles(folder = join(import.meta.dirname, '..', 'web')): Promise<PageFiles> {
  for (const name of ['index.html', 'findings.html', 'page.css', 'page.tsx'])
    if (!existsSync(join(folder, name)))
      throw startFailure(`${join(folder, name)}: missing: the status page cannot be built from this checkout`);
  return new Map([
    ['/', pageFile('text/html; charset=utf-8', readFileSync(join(folder, 'index.html')))],
    ['/findings', pageFile('text/html; charset=utf-8', readFileSync(join(folder, 'findings.html')))],
    ['/assets/page.css', pageFile('text/css; charset=utf-8', await bundle(join(folder, 'page.css')))],
    ['/assets/page.js', pageFile('text/javascript; charset=utf-8', await bundle(join(folder, 'page.tsx')))],
  ]);
}

/** A file with its tag. */
export function pageFile(contentType: string, body: Uint8Array): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { contentType, body, etag };
}

async function bundle(entry: string): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      target: 'es2022',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      logLevel: 'silent',
    });
    const [output] = result.outputFiles;
    if (!output) throw new Error('esbuild gave no output');
    return output.contents;
  } catch (error) {
    throw startFailure(
      `${entry}: the status page cannot be built: ${messageOf(error).split('\n').slice(0, 3).join(' ')}`,
    );
  }
}
