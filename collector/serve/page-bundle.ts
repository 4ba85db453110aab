import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { messageOf, startFailure } from '../failure.ts';

/** The page's files, ready to be served, by name: "index.html", "hosts.html", "assets/page.js". */
export type BundledPage = ReadonlyMap<string, Uint8Array>;

/** Bundles collector/web in memory. `used` is told the absolute paths of all files that went into it. */
export async function bundlePage(
  folder = join(import.meta.dirname, '..', 'web'),
  used: (paths: readonly string[]) => void = () => {},
): Promise<BundledPage> {
  for (const name of ['index.html', 'findings.html', 'page.css', 'page.tsx'])
    if (!existsSync(join(folder, name)))
      throw startFailure(`${join(folder, name)}: missing: the status page cannot be built from this checkout`);
  const { files, metafile } = await bundle(folder);
  used(Object.keys(metafile.inputs).map((path) => resolve(treeOf(folder), path)));
  return new Map([
    ...files,
    ...entryPages(readFileSync(join(folder, 'index.html'), 'utf8'), metafile),
    ['findings.html', readFileSync(join(folder, 'findings.html'))],
  ]);
}

async function bundle(folder: string): Promise<{ files: [string, Uint8Array][]; metafile: Metafile }> {
  const tree = treeOf(folder);
  try {
    const { outputFiles, metafile } = await build({
      // Paths from here on are part of a chunk's name: they must not tell where the tree is.
      absWorkingDir: tree,
      entryPoints: [join(folder, 'page.tsx'), join(folder, 'page.css')],
      outdir: join(tree, 'assets'),
      // What is imported when it is wanted is a part of its own, named by its content: charts.
      splitting: true,
      chunkNames: '[name]-[hash]',
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
    return { files: outputFiles.map(({ path, contents }) => [relative(tree, path), contents]), metafile };
  } catch (error) {
    throw startFailure(
      `${join(folder, 'page.tsx')}: the status page cannot be built: ${messageOf(error).split('\n').slice(0, 3).join(' ')}`,
    );
  }
}

/** The page imports from its neighbours and from node_modules, which are all below this directory. */
function treeOf(folder: string): string {
  return join(folder, '..', '..');
}

/** One HTML file for each page: it names what the page would ask for later, so that all of it comes in one round trip. */
function entryPages(html: string, { inputs, outputs }: Metafile): [string, Uint8Array][] {
  const partOf = new Map(Object.entries(outputs).map(([path, { entryPoint }]) => [entryPoint, path]));
  return Object.keys(inputs).flatMap((input): [string, Uint8Array][] => {
    const page = /\/pages\/([a-z]+)\/\1-page\.tsx$/.exec(input)?.[1];
    if (page === undefined) return [];
    const parts = new Set([...laterOf(input, inputs)].flatMap((later) => partOf.get(later) ?? []));
    const links = [...parts].map((part) => `<link rel="modulepreload" href="/assets/${basename(part)}" />`);
    const name = page === 'now' ? 'index.html' : `${page}.html`;
    return [[name, Buffer.from(html.replace('</head>', `${links.join('')}</head>`))]];
  });
}

/** What a source, or another that it needs, imports only when it is wanted. */
function laterOf(input: string, inputs: Metafile['inputs'], seen = new Set<string>()): Set<string> {
  const later = new Set<string>();
  if (seen.has(input)) return later;
  seen.add(input);
  for (const { path, kind } of inputs[input]?.imports ?? [])
    for (const one of kind === 'dynamic-import' ? [path] : laterOf(path, inputs, seen)) later.add(one);
  return later;
}
