import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';

const root = path.resolve(import.meta.dirname, '../..');
const folders = ['agent', 'collector', 'protocol', 'docs', 'scripts', 'test', 'deploy'];
const pages = pagesBelow(root);

test('the Markdown files of the repository are found', (t) => {
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/settings.md']) t.true(pages.includes(page), page);
  t.true(pages.some((page) => page.startsWith('docs/decisions/')));
});

test('every relative link leads to a file that exists, and to a heading that it has', (t) => {
  let followed = 0;
  for (const page of pages) {
    for (const [, target = ''] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z][a-z+.-]*:/i.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const place = file === '' ? page : path.join(path.dirname(page), file);
      const exists = fs.existsSync(path.join(root, place));
      t.true(exists, `${page} links to ${target}`);
      if (exists && heading !== undefined) t.true(headingsOf(place).includes(heading), `${page} links to ${target}`);
      followed += 1;
    }
  }
  t.true(followed > 10);
});

test('every file and folder of the repository that a Markdown file names exists', (t) => {
  const named = pages.flatMap((page) => pathsIn(textOf(page)).map((name) => ({ page, name })));
  t.true(named.length > 40, 'paths are found in the pages');
  const absent = named.filter(({ name }) => !fs.existsSync(path.join(root, name)));
  t.deepEqual(
    absent.map(({ page, name }) => `${page} names ${name}`),
    [],
  );
});

test('decisions are numbered in one row, and each begins with its number', (t) => {
  const names = fs.readdirSync(path.join(root, 'docs/decisions')).sort();
  names.forEach((name, index) => {
    t.true(name.startsWith(`${String(index + 1).padStart(4, '0')}-`), name);
    t.true(textOf(`docs/decisions/${name}`).startsWith(`# ${index + 1}. `), name);
  });
});

/** Paths below the repository's own folders. Of a pattern such as agent/formats/NAME.ts, the folder that it is in. */
function pathsIn(text: string): string[] {
  const path = new RegExp(String.raw`(?<![\w./@-])(?:\./)?((?:${folders.join('|')})/[\w./…*-]*)`, 'g');
  return [...text.matchAll(path)].map(([, found = '']) => {
    const [fixed = '', ...pattern] = found.replace(/\.+$/, '').split(/(?<=\/)(?=[^/]*(?:NAME|…|\*))/);
    return pattern.length > 0 ? fixed : found.replace(/\.+$/, '');
  });
}

/** Headings as the anchors that forges give them. */
function headingsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function pagesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || ['node_modules', 'coverage'].includes(entry.name)) return [];
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(place);
    return entry.name.endsWith('.md') ? [path.relative(root, place)] : [];
  });
}

function textOf(page: string): string {
  return fs.readFileSync(path.join(root, page), 'utf8');
}
