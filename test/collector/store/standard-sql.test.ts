import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const folder = join(import.meta.dirname, '../../../collector/store');

/** What CockroachDB or Citus lacks or does in its own way, and the files that may have it: they do without where the database does (store.ts, `onlyStandard`), or only look. */
const own: readonly [pattern: RegExp, ...only: string[]][] = [
  [/\bpg_notify\b|\bNOTIFY\b/, 'postgres/fleet.ts'],
  [/\bLISTEN\b/, 'postgres/listen.ts'],
  [/\bpg_\w*advisory\w*/, 'postgres/lead.ts'],
  [
    /\bpg_(?:catalog|class|depend|namespace|tables|stat\w*)\b|\bregclass\b/,
    'postgres/schema.ts',
    'postgres/examination.ts',
  ],
  [/\b(?:TRIGGER|FUNCTION|PROCEDURE|RULE|EXTENSION|DOMAIN|TABLESPACE|plpgsql)\b/],
  [/\b(?:UNLOGGED|INHERITS|DEFERRABLE|EXCLUDE|TABLESAMPLE)\b/],
  [/\b(?:ctid|xmin|xmax|tableoid)\b/],
  [/\bLOCK TABLE\b|\bMERGE INTO\b|\bCOPY\b|\bDECLARE\b|\bVACUUM\b|\bCLUSTER\b/],
  [/\b(?:tsvector|tsquery|int4range|int8range|tstzrange|hstore|money|xml)\b/],
  [/\b(?:SERIAL|BIGSERIAL|nextval|currval|setval)\b/],
  [/\bSERIALIZABLE\b|\bREAD COMMITTED\b/],
];

/** Without comments, of which nothing is run. */
function statements(path: string): string {
  const text = readFileSync(join(folder, path), 'utf8');
  const code = path.endsWith('.sql') ? text.replaceAll(/--.*$/gm, '') : text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
  // Of sources the texts alone: what a name in the code is called is nobody's SQL.
  return path.endsWith('.sql') ? code : [...code.matchAll(/`[^`]*`|'(?:[^'\\\n]|\\.)*'|"[^"\n]*"/g)].join('\n');
}

test('what is asked of PostgreSQL is SQL that CockroachDB and Citus take, but for what single files do without there', (t) => {
  const postgres = readdirSync(join(folder, 'postgres'), { recursive: true, encoding: 'utf8' });
  const shared = readdirSync(folder).filter((name) => name.endsWith('steps.ts'));
  const paths = [...postgres.map((name) => `postgres/${name}`), ...shared].filter((path) => /\.(?:ts|sql)$/.test(path));
  t.true(paths.length > 25, paths.join());
  for (const path of paths) {
    const sql = statements(path);
    for (const [pattern, ...only] of own) if (!only.includes(path)) t.notRegex(sql, pattern, path);
  }
  for (const [pattern, ...only] of own) for (const path of only) t.regex(statements(path), pattern, path);
});
