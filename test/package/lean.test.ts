import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import test from 'ava';
import { build } from 'esbuild';
import { leanPart } from '../../scripts/package/lean.ts';
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
