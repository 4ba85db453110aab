import { stringify } from 'csv-stringify/sync';
import type { ListedFacts } from '../store/facts.ts';
import { impliedLabel } from './columns.ts';
import { harmless } from './formula.ts';

const first = ['owner', 'team', 'environment', 'platform'];

/** Rows that are written in one piece. */
const atATime = 500;

/**
 * As CSV that readSheet reads back to the same rows. A field that a spreadsheet would take for a formula is made text by
 * an apostrophe. `more` adds columns to each row.
 */
export function writeSheet(
  rows: readonly ListedFacts[],
  more: (row: ListedFacts) => Record<string, string> = () => ({}),
): string {
  return [...sheetPieces(rows, more)].join('');
}

/** The same, some rows at a time. */
export function* sheetPieces(
  rows: readonly ListedFacts[],
  more: (row: ListedFacts) => Record<string, string> = () => ({}),
): Generator<string> {
  const given = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))];
  // a second "email" beside "contact" is taken for it where that has no column
  const keys = [...new Set([...given.flatMap((key) => impliedLabel(key) ?? []), ...given.sort()])].filter(
    (key) => !first.includes(key),
  );
  const recordOf = (row: ListedFacts) => ({
    domain: row.name,
    expiration: row.expiration,
    issuer: row.issuer,
    ...Object.fromEntries([...first, ...keys].map((key) => [key, labelOf(row, key)])),
    ...more(row),
  });
  const columns = Object.keys(recordOf(rows[0] ?? { name: '', expiration: '', issuer: '', labels: {} }));
  for (let at = 0; at === 0 || at < rows.length; at += atATime) {
    const texts = rows
      .slice(at, at + atATime)
      .map((row) => Object.fromEntries(Object.entries(recordOf(row)).map(([key, value]) => [key, harmless(value)])));
    yield stringify(texts, { header: at === 0, columns, quoted: true });
  }
}

function labelOf({ labels }: ListedFacts, key: string): string {
  return (Object.hasOwn(labels, key) && labels[key]) || '';
}
