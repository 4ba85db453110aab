import { cpSync, existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';
import { bundlePage } from '../../../collector/serve/page-bundle.ts';
import { readPageFiles } from '../../../collector/serve/page-files.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

const names = [
  'audit',
  'campaigns',
  'certificates',
  'endpoints',
  'hosts',
  'inventory',
  'me',
  'reports',
  'targets',
  'timeline',
  'transparency',
  'users',
  'wall',
];

test('the page is built in memory from its sources, and names no outside address', async (t) => {
  const files = await readPageFiles();
  const fixed = [...files].filter(([, { immutable }]) => !immutable).map(([path]) => path);
  t.is(
    fixed.sort().join(' '),
    ['/', '/assets/page.css', '/assets/page.js', '/findings', ...names.flatMap((name) => [`/${name}`, `/${name}/*`])]
      .sort()
      .join(' '),
  );
  const script = [...files]
    .map(([path, { body }]) => (path.endsWith('.js') ? Buffer.from(body).toString() : ''))
    .join('');
  const html = Buffer.from(files.get('/')?.body ?? []).toString();
  t.true(script.length > 10_000);
  const style = Buffer.from(files.get('/assets/page.css')?.body ?? []).toString();
  t.true(style.length > 5_000 && !style.includes('@import'), 'the style sheet is one file with all its parts');
  t.false(/<script(?![^>]*\ssrc=)/.test(html), 'no inline script');
  for (const [, address] of `${html}${script}`.matchAll(/(?:src|href)="(https?:[^"]+)"/g)) t.fail(address);
  t.regex(files.get('/')?.etag ?? '', /^"[\w-]{22}"$/);
});

test('the first view of every page is under 100 KB compressed, and its HTML names every file of it', async (t) => {
  const files = await readPageFiles();
  for (const path of ['/', ...names.map((name) => `/${name}`)]) {
    const html = Buffer.from(files.get(path)?.body ?? []).toString();
    const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, address]) => address ?? '');
    const sent = [path, ...named].map((name) => files.get(name)?.gzip.length ?? Number.NaN);
    const total = sent.reduce((sum, length) => sum + length, 0);
    t.true(total < 100 * 1024, `${path}: ${total} bytes`);
    t.true(sent.length <= 4, `${path}: ${sent.length} files`);
    t.log(`${path}: ${total} bytes in ${sent.length} files`);
    const scripts = named.filter((name) => name.endsWith('.js'));
    for (const script of scripts) {
      const text = Buffer.from(files.get(script)?.body ?? []).toString();
      for (const [, imported = ''] of text.matchAll(/from"\.\/([^"]+)"/g))
        t.true(scripts.includes(`/assets/${imported}`), `${script} needs ${imported}`);
    }
  }
});

test('the page is the same to the last byte wherever its sources lie', async (t) => {
  const top = resolve(import.meta.dirname, '../../..');
  const elsewhere = join(temporaryDirectory(t), 'deeper', 'down');
  const sources = new Set(['index', 'findings'].map((name) => join(top, `collector/web/${name}.html`)));
  const here = await bundlePage(undefined, (paths) => {
    for (const path of paths) for (const needed of [path, ...packageFilesAbove(path, top)]) sources.add(needed);
  });
  for (const path of sources) cpSync(path, join(elsewhere, relative(top, path)));
  const there = await bundlePage(join(elsewhere, 'collector/web'));
  t.deepEqual([...there.keys()], [...here.keys()]);
  for (const [name, body] of here) t.deepEqual(Buffer.from(there.get(name) ?? []), Buffer.from(body), name);
});

/** Without them nothing can be imported by the name of its package. */
function packageFilesAbove(path: string, top: string): string[] {
  const directory = dirname(path);
  if (directory === top) return [];
  const file = join(directory, 'package.json');
  return [...(existsSync(file) ? [file] : []), ...packageFilesAbove(directory, top)];
}

test('missing sources are one clear line', async (t) => {
  const folder = temporaryDirectory(t);
  const error = await t.throwsAsync(bundlePage(folder));
  t.is(error?.name, 'StartFailure');
  t.is(error?.message, `${folder}/index.html: missing: the status page cannot be built from this checkout`);
});
