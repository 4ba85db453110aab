import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
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
  used(Object.keys(metafile.inputs).map((path) => `/${path}`));
  return new Map([
    ...files,
    ...entryPages(readFileSync(join(folder, 'index.html'), 'utf8'), metafile),
    ['findings.html', readFileSync(join(folder, 'findings.html'))],
  ]);
}

async function bundle(folder: string): Promise<{ files: [string, Uint8Array][]; metafile: Metafile }> {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: '/',
      entryPoints: [join(folder, 'page.tsx'), join(folder, 'page.css')],
      outdir: '/assets',
      // What pages.ts imports when it is wanted is a part of its own, named by its content.
      splitting: true,
      plugins: [shellInOnePart(folder)],
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
    return { files: outputFiles.map(({ path, contents }) => [path.slice(1), contents]), metafile };
  } catch (error) {
    throw startFailure(
      `${join(folder, 'page.tsx')}: the status page cannot be built: ${messageOf(error).split('\n').slice(0, 3).join(' ')}`,
    );
  }
}

/**
 * esbuild makes a part of each set of modules that the same pages need. A page that comes when it is wanted comes to a shell that is there: when it says
 * that it needs all of that, what the shell needs is one set, and not a dozen parts of a kilobyte.
 */
function shellInOnePart(folder: string): Plugin {
  const shell = JSON.stringify(join(folder, 'shell.tsx'));
  return {
    name: 'shell-in-one-part',
    setup(building) {
      building.onResolve({ filter: /-page\.tsx$/ }, ({ kind, path, resolveDir }) =>
        kind === 'dynamic-import' ? { path: join(resolveDir, path), pluginData: 'wanted' } : undefined,
      );
      building.onLoad({ filter: /-page\.tsx$/ }, ({ path, pluginData }) =>
        pluginData === 'wanted'
          ? { contents: `import ${shell};\n${readFileSync(path, 'utf8')}`, loader: 'tsx' }
          : undefined,
      );
    },
  };
}

/** One HTML file for each page: it names all parts that its first view needs, so that they come in one round trip. */
function entryPages(html: string, { inputs, outputs }: Metafile): [string, Uint8Array][] {
  const partOf = new Map(Object.entries(outputs).map(([path, { entryPoint }]) => [entryPoint, path]));
  return Object.keys(inputs).flatMap((input): [string, Uint8Array][] => {
    const page = /\/pages\/([a-z]+)\/\1-page\.tsx$/.exec(input)?.[1];
    if (page === undefined) return [];
    const parts = neededBy('assets/page.js', outputs);
    const own = partOf.get(input);
    if (own !== undefined) neededBy(own, outputs, parts);
    parts.delete('assets/page.js');
    const links = [...parts].map((part) => `<link rel="modulepreload" href="/assets/${basename(part)}" />`);
    const name = page === 'now' ? 'index.html' : `${page}.html`;
    return [[name, Buffer.from(html.replace('</head>', `${links.join('')}</head>`))]];
  });
}

function neededBy(path: string, outputs: Metafile['outputs'], known = new Set<string>()): Set<string> {
  if (known.has(path)) return known;
  known.add(path);
  for (const { path: imported, kind } of outputs[path]?.imports ?? [])
    if (kind === 'import-statement') neededBy(imported, outputs, known);
  return known;
}
