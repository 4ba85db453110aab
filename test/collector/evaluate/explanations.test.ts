import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { collectorExplanations } from '../../../collector/evaluate/explanations.ts';

test('each code of the collector says everything that a person needs, and its tests are there', (t) => {
  for (const [code, { shownBy, ...texts }] of Object.entries(collectorExplanations)) {
    for (const text of Object.values(texts)) t.true(text.length > 5, code);
    for (const name of shownBy.split(', '))
      t.true(existsSync(join(import.meta.dirname, '..', `${name}.test.ts`)), `${code}: ${name}`);
  }
});
