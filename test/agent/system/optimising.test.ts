import { join } from 'node:path';
import test from 'ava';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

const module = join(import.meta.dirname, '../../../agent/system/optimising.ts');

/** Calls a function until it would long be compiled, before, on a small heap, and on a large one. */
const program = `
import { compileWhereLarge } from ${JSON.stringify(module)};
const atRest = compileWhereLarge();
function often(n) { let sum = 0; for (let i = 0; i < n; i++) sum = (sum * 31 + i) | 0; return sum; }
const run = (when) => { console.log('runs ' + when); for (let i = 0; i < 3000; i++) often(2000); };
run('at first');
atRest();
run('small');
const kept = [];
while (process.memoryUsage().heapUsed < 40 * 2 ** 20) kept.push({ some: [1, 2, 3] });
atRest();
run('large');
console.log('done ' + kept.length);
`;

test('functions that run often are compiled where the heap is that of a large host, and not before', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const flags = ['--trace-opt', '--no-concurrent-recompilation', '--input-type=module', '-e', program];
  const { exit, stdout, stderr } = await sandbox.run(process.execPath, flags);
  t.is(exit, 0, stderr);
  const lines = stdout.split('\n').filter((line) => /^runs |^done |completed .*<JSFunction often /.test(line));
  const kinds = lines.map((line) => (line.startsWith('[') ? 'compiled' : line.replace(/ \d+$/, '')));
  t.deepEqual(
    [...new Set(kinds)],
    ['runs at first', 'runs small', 'runs large', 'compiled', 'done'],
    stdout.slice(0, 4000),
  );
});
