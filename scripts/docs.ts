import { writeFileSync } from 'node:fs';
import { findingsPage } from './docs/findings-page.ts';

// Writes the pages of docs/ that are made from code. A test fails while they differ.

writeFileSync(new URL('../docs/findings.md', import.meta.url), findingsPage());
console.log('docs: docs/findings.md is written');
