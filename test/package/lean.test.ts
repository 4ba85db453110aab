import { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import nodePath from 'node:path';
import { runInThisContext } from 'node:vm';
import test from 'ava';
import { build } from 'esbuild';
import { bundlePackages } from '../../scripts/package/bundle.ts';
import { leanPart, packageParts, plainNamespaces } from '../../scripts/package/lean.ts';
import plainTypes from '../../scripts/package/plain-types.ts';
import { top } from '../helpers/packaged-files.ts';

const modules = {
  protocol: ['frame', 'snapshot', 'event', 'finding', 'look', 'certificate'].map((name) => `./protocol/${name}.ts`),
  agent: ['settings', 'status', 'memory', 'decide/action', 'report/connection-state'].map(
    (name) => `./agent/${name}.ts`,
  ),
};

test('the schemas in the parts of a binary are those that typebox makes', async (t) => {
  const all = Object.values(modules).flat();
  const contents = all.map((path, at) => `export * as m${at} from '${path}';`).join('\n');
  const schemas = async (plugins: typeof leanPart) => {
    const options = { bundle: true, write: false, platform: 'node', format: 'cjs' } as const;
    const stdin = { contents, resolveDir: top };
    const { outputFiles } = await build({
      ...options,
      stdin,
      absWorkingDir: top,
      plugins: [...plugins],
      logLevel: 'silent',
    });
    const evaluate: (require: NodeJS.Require, module: { exports: Record<string, object> }) => void = runInThisContext(
      `(function (require, module) {${outputFiles[0]?.text}\n})`,
    );
    const module = { exports: {} };
    evaluate(createRequire(import.meta.url), module);
    return Object.values<object>(module.exports).flatMap((one) =>
      Object.entries(one).filter(([, value]) => typeof value === 'object'),
    );
  };
  const [typebox, plain] = [await schemas([]), await schemas(leanPart)];
  t.true(typebox.length > 40, String(typebox.length));
  // Those are left out.
  t.notRegex(JSON.stringify(typebox), /"format":/);
  for (const [at, [name, schema]] of typebox.entries())
    t.deepEqual(JSON.parse(JSON.stringify(plain[at])), JSON.parse(JSON.stringify([name, schema])), name);
});

test('checks of plain schemas are compiled by their part', async (t) => {
  const checks = packageParts.find(({ name }) => name === 'checks');
  const code = await bundlePackages(top, checks?.packages ?? []);
  const evaluate: (load: NodeJS.Require, module: { exports: Record<string, typeof import('typebox/schema')> }) => void =
    runInThisContext(`(function (require, module) {${code}\n})`);
  const module = { exports: {} as Record<string, typeof import('typebox/schema')> };
  evaluate(createRequire(import.meta.url), module);
  const schema = plainTypes.Object({ name: plainTypes.String(), port: plainTypes.Optional(plainTypes.Integer()) });
  const compiled = module.exports['typebox/schema']?.Compile(schema);
  t.true(compiled?.Check({ name: 'a' }));
  t.false(compiled?.Check({ name: 'a', port: 'b' }));
  t.false(compiled?.Check({ port: 1 }));
});

test('a namespace of the daemon’s part is the module itself, with what its default import is', async (t) => {
  const contents = `import path, { join } from 'node:path';
    import WebSocket from './node_modules/ws/lib/websocket.js';
    import { ChildProcess } from 'node:child_process';
    export const all = [path, join('a', 'b'), ChildProcess, WebSocket.OPEN];`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: top },
    absWorkingDir: top,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    minifyWhitespace: true,
    lineLimit: 160,
    plugins: [...leanPart],
  });
  const code = plainNamespaces(outputFiles[0]?.text ?? '');
  t.throws(() => plainNamespaces(code), { message: /another way/ }, 'there is nothing of its kind left');
  const evaluate: (load: NodeJS.Require, module: { exports: { all?: unknown[] } }) => void = runInThisContext(
    `(function (require, module) {${code}\n})`,
  );
  const module: { exports: { all?: unknown[] } } = { exports: {} };
  evaluate(createRequire(import.meta.url), module);
  const all = [nodePath, 'a/b', ChildProcess, 1];
  t.true(
    all.every((one, at) => one === module.exports.all?.[at]),
    String(module.exports.all),
  );
});
