import { mkdirSync, writeFileSync } from 'node:fs';
import { findingsPage } from './docs/findings-page.ts';
import { findingsWebPage } from './docs/findings-web-page.ts';
import { agentManPage, collectorManPage } from './docs/man-page.ts';
import { protocolPage } from './docs/protocol-page.ts';
import { webhookPage } from './docs/webhook-page.ts';

// Writes the pages that are made from code. A test fails while they differ. `npm run docs -- --picture` also takes the README's picture anew.

const pages = {
  'docs/findings.md': findingsPage,
  'docs/protocol.md': protocolPage,
  'docs/webhook.md': webhookPage,
  'collector/web/findings.html': findingsWebPage,
  'deploy/man/certherd-agent.1': agentManPage,
  'deploy/man/certherd-collector.1': collectorManPage,
};

for (const [name, page] of Object.entries(pages)) {
  const file = new URL(`../${name}`, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, page());
  console.log(`docs: ${name} is written`);
}
if (process.argv.includes('--picture')) {
  const { takePicture } = await import('./docs/picture.ts');
  console.log(`docs: ${await takePicture()} is taken`);
}
