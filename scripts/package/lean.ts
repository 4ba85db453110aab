import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/** What the daemon writes its log with where no journal takes it: a part of its own, read only then. */
export const logPart = { name: 'log', packages: ['pino', 'pino-pretty'] } as const;

/** In a part these packages are taken out of the part that holds them (front.ts, `takePart`) when they are imported. */
export function takenFrom({ name, packages }: typeof logPart): Plugin {
  const known: readonly string[] = packages;
  return {
    name: `taken from ${name}`,
    setup(build) {
      build.onResolve({ filter: /^[a-z-]+$/ }, ({ kind, path }) =>
        kind === 'dynamic-import' && known.includes(path) ? { path, namespace: 'taken' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'taken' }, ({ path }) => ({
        contents: `module.exports = takePart('${name}')['${path}'];`,
      }));
    },
  };
}

/** Of ws the agent needs the client alone: what its entry also loads are a server and streams. */
export const webSocketClient: Plugin = {
  name: 'WebSocket client',
  setup(build) {
    const { resolve } = createRequire(import.meta.url);
    build.onResolve({ filter: /^ws$/ }, () => ({ path: join(dirname(resolve('ws')), 'lib/websocket.js') }));
  },
};
