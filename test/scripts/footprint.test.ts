import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMemoryOf } from '../../scripts/bench/footprint/kept-present.ts';
import { memoryOf, spentBy } from '../../scripts/bench/footprint/process-cost.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

test('a process whose memory the bench reads is neither woken up nor charged for it, and has all of it read', async (t) => {
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const { pid } = sandbox.start('sleep', ['infinity'], join(sandbox.directory, 'log'));
  const asleep = () => /^\d+ \(sleep\) S /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  await until('it sleeps', () => asleep());
  const before = spentBy(pid);
  let bytes = 0;
  for (let time = 0; time < 20; time += 1) bytes = readMemoryOf(pid);
  const megabytes = bytes / 2 ** 20;
  const { rss } = memoryOf(pid);
  t.true(megabytes > 0.9 * rss && megabytes <= rss, `${megabytes} of ${rss} MB`);
  t.deepEqual(spentBy(pid), before);
});
