import test from 'ava';
import { testDirectory } from '../helpers/directory.ts';
import { hostileInputs } from '../helpers/hostile-input.ts';

test('what was made to hold the agent up ends in what it says, and never throws', async (t) => {
  t.timeout(120_000);
  for (const { title, read, outcome } of await hostileInputs(testDirectory(t))) t.is(await read(), outcome, title);
});
