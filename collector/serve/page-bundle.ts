import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { messageOf, startFailure } from '../failure.ts';
import type { PageFileName } from './page-files.ts';

/** The page's files, ready to be served. */
export type BundledPage = Readonly<Record<PageFileName, Uint8Array>>;

/** Bundles collector/web in memory. `used` is told the absolute paths of all files that went into it. */
export async function bundlePage(
  folder = join(import.meta.dirname, '..', 'web'),
  used: (paths: readonly string[]) => void = () => {},
): Promise<BundledPage> {
  for (const name of ['index.html', 'findings.html', 'page.css', 'page.tsx'])
    if (!existsSync(join(folder, name)))
      throw startFailure(`${join(folder, name)}: missing: the status page cannot be built from this checkout`);
  return {
    'index.html': readFileSync(join(folder, 'index.html')),
    'findings.html': readFileSync(join(folder, 'findings.html')),
    'page.css': await bundle(join(folder, 'page.css'), used),
    'page.js': await bundle(join(folder, 'page.tsx'), used),
  };
}

async function bundle(entry: string, used: (paths: readonly string[]) => void): Promise<Uint8Array> {
  try {
    const result = await build({
      absWorkingDir: '/',
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
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
    used(Object.keys(result.metafile.inputs).map((path) => `/${path}`));
    return output.contents;
  } catch (error) {
    throw startFailure(
      `${entry}: the status page cannot be built: ${messageOf(error).split('\n').slice(0, 3).join(' ')}`,
    );
  }
}
