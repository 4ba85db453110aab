import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { bundle } from '../../scripts/package/bundle.ts';
import type { App } from '../../scripts/package/targets.ts';
import { top } from '../helpers/packaged-files.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';

const identity = { version: '0.0.1', commit: 'none', epoch: 0 };

test('in the agent’s one file a command evaluates what it needs: no certbot, PKCS#12 or log for a look', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const program = await written(sandbox, 'agent');
  const root = sandbox.folder('root');
  const version = evaluated(sandbox, program, ['version']);
  t.true(version.has('agent/commands/version.ts'), [...version].join(' '));
  t.false(version.has('agent/commands/check.ts'));
  const check = evaluated(sandbox, program, ['check', '--root', root]);
  t.true(check.has('agent/commands/check.ts'));
  for (const modules of [version, check])
    for (const heavy of ['execa', 'node-forge', 'pino', 'pino-pretty', 'chokidar', 'ws'])
      t.false(
        [...modules].some((path) => path.includes(`node_modules/${heavy}/`)),
        heavy,
      );
});

test('in the collector’s one file neither esbuild is nor what draws the page, and a small command opens no web server', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { inputs } = await bundle(top, 'collector', identity);
  // The wall's needs are made by the same facts and words as those of the page.
  t.deepEqual(
    inputs.filter((path) => /node_modules\/(?:esbuild|preact)\/|^collector\/web\/(?!facts\/|wording\/)/.test(path)),
    [],
  );
  const modules = evaluated(sandbox, await written(sandbox, 'collector'), ['version']);
  t.true(modules.has('collector/commands/version.ts'));
  t.false([...modules].some((path) => /node_modules\/(?:fastify|node-forge|better-sqlite3)\//.test(path)));
});

async function written(sandbox: Sandbox, app: App): Promise<string> {
  const path = join(sandbox.directory, `${app}.cjs`);
  writeFileSync(path, (await bundle(top, app, identity)).code);
  return path;
}

/** Paths of the modules whose code ran: esbuild wraps each in a function of that name, which V8's coverage counts. */
function evaluated(sandbox: Sandbox, program: string, args: string[]): Set<string> {
  const folder = sandbox.folder(`coverage-${args.join('-').replaceAll('/', '_')}`);
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
  if (status !== 0 && status !== 3) throw new Error(`${args.join(' ')}: ${status}: ${stderr}`);
  const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const functions: { functionName: string; ranges: { count: number }[] }[] = reports
    .flatMap(({ result }) => result)
    .filter(({ url }) => url === `file://${program}`)
    .flatMap(({ functions }) => functions);
  const run = functions.filter(({ functionName, ranges }) => functionName.includes('/') && (ranges[0]?.count ?? 0) > 0);
  return new Set(run.map(({ functionName }) => functionName));
}
