import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Where commands are named, each with a dynamic import of its module. */
const tables = /\/commands\/(?:command-table|[a-z]+-entr(?:y|ies))\.ts$/;

/**
 * A bundle of one command: its module is imported at once, so that esbuild puts everything into one scope and nothing is wrapped to
 * be evaluated later, and the modules of all other commands are left out.
 */
export function onlyCommand(command: string): Plugin {
  const asked = `(await import('./${command}.ts'))`;
  return {
    name: `only ${command}`,
    setup(build) {
      build.onResolve({ filter: /^\.\/[a-z-]+\.ts$/ }, ({ kind, importer, path }) =>
        kind === 'dynamic-import' && tables.test(importer) ? { path, external: true } : undefined,
      );
      build.onLoad({ filter: /\/commands\/command-table\.ts$/ }, ({ path }) => {
        const parts = readFileSync(path, 'utf8').split(asked);
        if (parts.length !== 2) throw new Error(`${path} loads ./${command}.ts ${parts.length - 1} times`);
        return {
          contents: `import * as commandModule from './${command}.ts';\n${parts.join('commandModule')}`,
          loader: 'ts',
        };
      });
    },
  };
}

/** The daemon's program: what reads command lines is left out, since front.ts starts it for `run` with nothing but its settings. */
export const withoutCommandLine: Plugin = {
  name: 'without command line',
  setup(build) {
    build.onResolve({ filter: /^\.\/commands\/program\.ts$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, 'commands/plain-run.ts'),
    }));
  },
};
