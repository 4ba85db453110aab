import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { formatJoin, type Join } from '@certherd/protocol/join';
import test from 'ava';
import { readDocComments } from '../../scripts/docs/doc-comments.ts';
import { protocolPage, toldFiles } from '../../scripts/docs/protocol-page.ts';
import { webhookPage } from '../../scripts/docs/webhook-page.ts';
import { startTestCollector, temporaryDirectory } from '../collector/helpers/real-collector.ts';
import { mintChain } from '../helpers/mint.ts';
import { until } from '../helpers/testbed/until.ts';

const root = join(import.meta.dirname, '../..');

test('docs/protocol.md is what the schemas and their comments say; npm run docs writes it', (t) => {
  t.is(readFileSync(join(root, 'docs/protocol.md'), 'utf8'), protocolPage());
});

test('docs/webhook.md is what the schema and its comments say; npm run docs writes it', (t) => {
  t.is(readFileSync(join(root, 'docs/webhook.md'), 'utf8'), webhookPage());
});

test('every comment on a field or a value of a frame is told on the page', (t) => {
  const told = readDocComments(toldFiles);
  const asked = new Set<string>();
  protocolPage({
    ...told,
    ofField: (schema, field) => {
      asked.add(`${schema}.${field}`);
      return told.ofField(schema, field);
    },
  });
  t.true(told.fields.length > 50, String(told.fields.length));
  t.deepEqual(
    told.fields.filter((field) => !asked.has(field)),
    [],
  );
});

test('links within the page lead to its headings', (t) => {
  const page = protocolPage();
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  const targets = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, target = '']) => target);
  t.true(targets.length > 40);
  t.deepEqual(
    targets.filter((target) => !headings.includes(target)),
    [],
  );
});

test('the example agent enrols and tells a snapshot and an event, comes again as the same host, and trusts the pinned key alone', async (t) => {
  const collector = await startTestCollector(t);
  const directory = temporaryDirectory(t);
  const { fullchain } = await mintChain({ names: ['shop.example.test'] });
  const certificate = join(directory, 'fullchain.pem');
  writeFileSync(certificate, fullchain);
  const invitation = await collector.join();
  const run = (one: Join) => runExample(formatJoin(one), join(directory, 'state.json'), certificate);

  const strange = await run({ ...invitation, pin: 'A'.repeat(43) });
  t.not(strange.exit, 0);
  t.regex(strange.output, /not the collector of this join string/);
  t.deepEqual((await collector.estate()).hosts, [], 'nothing was told to a strange key');

  t.deepEqual(await run(invitation), { exit: 0, output: 'acked 1\n' });
  t.deepEqual(await run(invitation), { exit: 0, output: 'acked 2\n' });
  const estate = await until('both are shown', async () => {
    const seen = await collector.estate();
    return seen.events.length === 2 && seen.certificates.length > 0 && seen;
  });
  t.is(estate.hosts.length, 1);
  t.deepEqual(
    estate.events.map(({ seq }) => seq),
    [2, 1],
  );
  t.true(estate.certificates.some(({ subjectAltNames }) => subjectAltNames.includes('shop.example.test')));
});

async function runExample(...args: string[]): Promise<{ exit: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'docs/example-agent.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exit: await exit, output: output + complaints };
}
