import { stringify } from 'csv-stringify/sync';
import type { ListedFacts } from '../store/facts.ts';
import { impliedLabel } from './columns.ts';
import { harmless } from './formula.ts';

const first = ['owner', 'team', 'environment', 'platform'];

/**
 * As CSV that readSheet reads back to the same rows. A field that a spreadsheet would take for a formula is made text by
 * an apostrophe. `more` adds columns to each row.
 */
export function writeSheet(
  rows: readonly ListedFacts[],
  more: (row: ListedFacts) => Record<string, string> = () => ({}),
): string {
  const given = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))];
  // a second "email" beside "contact" is taken for it where that has no column
  const keys = [...new Set([...given.flatMap((key) => impliedLabel(key) ?? []), ...given.sort()])].filter(
    (key) => !first.includes(key),
  );
  const records = rows.map((row) => ({
    domain: row.name,
    expiration: row.expiration,
    issuer: row.issuer,
    ...Object.fromEntries([...first, ...keys].map((key) => [key, labelOf(row, key)])),
    ...more(row),
  }));
  const columns = Object.keys(
    records[0] ?? { domain: '', expiration: '', issuer: '', owner: '', team: '', environment: '', platform: '' },
  );
  const texts = records.map((record) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, harmless(value)])),
  );
  return stringify(texts, { header: true, columns, quoted: true });
}

function labelOf({ labels }: ListedFacts, key: string): string {
  return (Object.hasOwn(labels, key) && labels[key]) || '';
}
