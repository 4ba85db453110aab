import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { tallyOf } from '../../scripts/tally.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

test('what the real ava shows is counted: passes, failures, rejections', async (t) => {
  const output = await avaOn(t.teardown.bind(t), {
    'mixed.test.js': `import test from 'ava';
test('one', (t) => t.pass());
test('two', (t) => t.pass());
test('three', (t) => t.fail());
test.skip('four', (t) => t.fail());
test.failing('five', (t) => t.fail());
test('six', (t) => { Promise.reject(new Error('nobody waits')); t.pass(); });`,
    'broken.test.js': `throw new Error('at import');`,
  });
  const { passed, failed } = tallyOf(output);
  t.true(passed >= 2 && passed <= 3, output);
  t.is(failed, 3, output);
});

test('when all pass, all are counted', async (t) => {
  const output = await avaOn(t.teardown.bind(t), {
    'good.test.js': `import test from 'ava';
for (let i = 1; i <= 12; i += 1) test('test ' + i, (t) => t.pass());
test.failing('known', (t) => t.fail());`,
  });
  t.deepEqual(tallyOf(output), { passed: 12, failed: 0 }, output);
});

test('colours do not hide the figures', (t) => {
  const output =
    '\n  \u001b[32m✔\u001b[39m one\n  \u001b[31m✘ [fail]\u001b[39m: two\n\n  \u001b[31m1 test failed\u001b[39m\n';
  t.deepEqual(tallyOf(output), { passed: 1, failed: 1 });
});

test('nothing ran: nothing is counted', (t) => {
  t.deepEqual(tallyOf(''), { passed: 0, failed: 0 });
});

/** Runs ava on these files in a directory of their own, and returns what it wrote to stdout. */
async function avaOn(teardown: (close: () => Promise<void>) => void, files: Record<string, string>): Promise<string> {
  const sandbox = openSandbox();
  teardown(() => sandbox.close());
  symlinkSync(modules, join(sandbox.directory, 'node_modules'));
  writeFileSync(join(sandbox.directory, 'package.json'), '{"type":"module"}');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(sandbox.directory, name), content);
  return new Promise((resolve) => {
    const argv = [join(modules, '.bin', 'ava'), '*.test.js'];
    // A run inside a run: ava must not take itself for a worker of the outer one.
    const env = { PATH: process.env['PATH'], NODE_ENV: 'test' };
    execFile(process.execPath, argv, { cwd: sandbox.directory, env }, (_, stdout) => resolve(stdout));
  });
}
