import fs from 'node:fs';
import test from 'ava';
import { explanations } from '../../../agent/commands/explanations.ts';
import { findingsPage } from '../../../scripts/docs/findings-page.ts';

test('docs/findings.md is what the explanations say; npm run docs writes it', (t) => {
  t.is(fs.readFileSync(new URL('../../../docs/findings.md', import.meta.url), 'utf8'), findingsPage());
});

test('every test that an explanation names is there, and speaks of the code', (t) => {
  for (const [code, { shownBy }] of Object.entries(explanations)) {
    for (const name of shownBy.split(', ').filter((one) => !one.startsWith('demo '))) {
      const below = /^(?:integration|scenarios)\//.test(name) ? '../../' : '../';
      const file = new URL(`${below}${name}.test.ts`, import.meta.url);
      t.true(fs.existsSync(file) && fs.readFileSync(file, 'utf8').includes(code), `${code} names ${name}`);
    }
  }
});
