import test from 'ava';
import { bundlePage } from '../../../collector/serve/page-bundle.ts';
import { readPageFiles } from '../../../collector/serve/page-files.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

test('the page is built in memory from its sources, and names no outside address', async (t) => {
  const files = await readPageFiles();
  t.deepEqual([...files.keys()].sort(), ['/', '/assets/page.css', '/assets/page.js', '/findings']);
  const script = Buffer.from(files.get('/assets/page.js')?.body ?? []).toString();
  const html = Buffer.from(files.get('/')?.body ?? []).toString();
  t.true(script.length > 10_000);
  const style = Buffer.from(files.get('/assets/page.css')?.body ?? []).toString();
  t.true(style.length > 5_000 && !style.includes('@import'), 'the style sheet is one file with all its parts');
  t.false(/<script(?![^>]*\ssrc=)/.test(html), 'no inline script');
  for (const [, address] of `${html}${script}`.matchAll(/(?:src|href)="(https?:[^"]+)"/g)) t.fail(address);
  t.regex(files.get('/')?.etag ?? '', /^"[\w-]{22}"$/);
});

test('missing sources are one clear line', async (t) => {
  const folder = temporaryDirectory(t);
  const error = await t.throwsAsync(bundlePage(folder));
  t.is(error?.name, 'StartFailure');
  t.is(error?.message, `${folder}/index.html: missing: the status page cannot be built from this checkout`);
});
