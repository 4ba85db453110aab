import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { failedFilesOf } from '../../scripts/failed-files.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

test('the files are named in which something failed, threw or never ended, and no others', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  symlinkSync(modules, join(sandbox.directory, 'node_modules'));
  const files = {
    'package.json': '{"type":"module","ava":{"extensions":["ts"]}}',
    'test/good.test.ts': `import test from 'ava'; test('one › and more', (t) => t.pass());`,
    'test/failing.test.ts': `import test from 'ava'; test('two › and more', (t) => t.is(1, 2));`,
    'test/deep/throwing.test.ts': `import test from 'ava'; test('three', () => { throw new Error('no'); });`,
    'test/broken.test.ts': `throw new Error('at import');`,
    'test/rejecting.test.ts': `import test from 'ava';
test('five', async (t) => { Promise.reject(new Error('nobody waits')); await new Promise(setImmediate); t.pass(); });`,
    'test/waiting.test.ts': `import test from 'ava'; test('four', () => new Promise(() => { setInterval(() => {}, 1000); }));`,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(sandbox.directory, name)), { recursive: true });
    writeFileSync(join(sandbox.directory, name), content);
  }
  const output = await new Promise<string>((resolve) => {
    const argv = [join(modules, '.bin', 'ava'), '--timeout', '10s', 'test/**/*.test.ts'];
    // A run inside a run: ava must not take itself for a worker of the outer one.
    const env = { PATH: process.env['PATH'], NODE_ENV: 'test' };
    execFile(process.execPath, argv, { cwd: sandbox.directory, env }, (_, stdout) => resolve(stdout));
  });
  const found = failedFilesOf(output, (path) => existsSync(join(sandbox.directory, path)));
  const bad = ['broken', 'deep/throwing', 'failing', 'rejecting', 'waiting'];
  t.deepEqual(
    found?.toSorted(),
    bad.map((name) => `test/${name}.test.ts`),
    output,
  );
});

test('a failure whose file cannot be told leaves nothing to run again', (t) => {
  t.is(
    failedFilesOf('  ✘ [fail]: nowhere › it fails\n', () => false),
    undefined,
  );
});
