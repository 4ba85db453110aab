import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Packages that a part takes out of another one when it needs them. */
interface PackagePart {
  name: string;
  packages: readonly string[];
}

/** What the daemon writes its log with where no journal takes it: a part of its own, read only then. */
const logPart: PackagePart = { name: 'log', packages: ['pino', 'pino-pretty'] };
/** What compiles the checks of large snapshots: read where there is one. */
const checksPart: PackagePart = { name: 'checks', packages: ['typebox/schema'] };
export const packageParts: readonly PackagePart[] = [logPart, checksPart];

const { resolve } = createRequire(import.meta.url);

/** What pino and pino-pretty give is taken out of their part (front.ts, `takePart`) when they are imported. */
const logFromItsPart: Plugin = {
  name: 'log from its part',
  setup(build) {
    build.onResolve({ filter: /^[a-z-]+$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' && logPart.packages.includes(path) ? { path, namespace: 'taken' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'taken' }, ({ path }) => ({
      contents: `module.exports = takePart('${logPart.name}')['${path}'];`,
    }));
  },
};

/** Of ws the agent needs the client alone: what its entry also loads are a server and streams. */
const webSocketClient: Plugin = {
  name: 'WebSocket client',
  setup(build) {
    build.onResolve({ filter: /^ws$/ }, () => ({ path: join(dirname(resolve('ws')), 'lib/websocket.js') }));
  },
};

/**
 * Of typebox what checks a value against a JSON Schema, a quarter of it: the schemas are made by plain-types.ts, and checks compiled by a
 * part of its own.
 */
const plainSchemas: Plugin = {
  name: 'plain schemas',
  setup(build) {
    const own = dirname(resolve('typebox'));
    const contents = new Map([
      [
        'typebox/value',
        `import { Errors as all } from './schema/errors.mjs';
        export { Check } from './schema/check.mjs';
        export const Errors = (schema, value) => all(schema, value)[1];`,
      ],
      [
        'typebox/compile',
        `export const Compile = (schema) => takePart('${checksPart.name}')['typebox/schema'].Compile(schema);`,
      ],
      // No schema asks for a format, and those of names in all languages are patterns that take 1.4 ms to compile.
      ['formats', 'export const Format = {};'],
    ]);
    build.onResolve({ filter: /^typebox$/ }, () => ({ path: join(import.meta.dirname, 'plain-types.ts') }));
    build.onResolve({ filter: /^typebox\/(?:value|compile)$/ }, ({ path }) => ({ path, namespace: 'plain schemas' }));
    build.onResolve({ filter: /\/format\/index\.mjs$/ }, ({ importer }) =>
      importer.startsWith(own) ? { path: 'formats', namespace: 'plain schemas' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'plain schemas' }, ({ path }) => ({
      contents: contents.get(path) ?? '',
      resolveDir: own,
    }));
  },
};

/** Of Node's modules these are loaded when something of them is used: not as the daemon starts. */
const loadedWhenUsed: Plugin = {
  name: 'loaded when used',
  setup(build) {
    build.onResolve({ filter: /^node:(?:child_process|dns\/promises|readline)$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace: 'loaded when used' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'loaded when used' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require('${path}')[name] });`,
    }));
  },
};

/** In the place of `performance.now`, for which Node loads ten modules, 54 KB: milliseconds of the same clock, counted from another beginning. */
export const plainClock = {
  name: 'monotonicNow',
  code: 'function monotonicNow() { const [s, ns] = process.hrtime(); return s * 1e3 + ns / 1e6; }',
};

/**
 * esbuild makes of each default import of a module of Node's an object with a getter for each of its names, a thousand in all, 0.2 MB: in the
 * parts of commands it has the module for its prototype. What is loaded when used has no names to copy.
 */
export function plainNamespaces(code: string): string {
  const made = /__toESM ?= ?\(mod, ?isNodeMode, ?target\) ?=> ?\(\s*target ?= ?mod ?!= ?null ?\?[\s\S]*?\bmod\s*\)\);/g;
  if (code.match(made)?.length !== 1) throw new Error('esbuild makes namespaces of modules in another way');
  const plain = '__toESM=(mod,isNodeMode)=>!isNodeMode&&mod.__esModule?mod:__create(mod,{default:{value:mod}});';
  return code.replace(made, () => plain);
}

/** What keeps the parts of commands small (bundle.ts). */
export const leanPart: readonly Plugin[] = [logFromItsPart, webSocketClient, plainSchemas, loadedWhenUsed];
