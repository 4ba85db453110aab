import { writeFileSync } from 'node:fs';
import { findingsPage } from './docs/findings-page.ts';
import { findingsWebPage } from './docs/findings-web-page.ts';

// Writes what is made from code. A test fails while the files differ.

const pages: readonly (readonly [string, () => string])[] = [
  ['docs/findings.md', findingsPage],
  ['collector/web/findings.html', findingsWebPage],
];

for (const [path, text] of pages) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text());
  console.log(`docs: ${path} is written`);
}
