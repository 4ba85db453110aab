import { readFileSync } from 'node:fs';
import test from 'ava';
import { explanations } from '../../agent/commands/explanations.ts';
import { collectorExplanations } from '../../collector/evaluate/explanations.ts';
import { findingsWebPage } from '../../scripts/docs/findings-web-page.ts';

test('the page that explains findings is the one that the table makes: npm run docs', (t) => {
  t.is(readFileSync(new URL('../../collector/web/findings.html', import.meta.url), 'utf8'), findingsWebPage());
});

test('every code has a section that the status page, and a message, can link to', (t) => {
  const page = findingsWebPage();
  for (const code of [...Object.keys(explanations), ...Object.keys(collectorExplanations)])
    t.true(page.includes(`<section id="${code}">`), code);
});
