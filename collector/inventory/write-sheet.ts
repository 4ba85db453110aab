import { stringify } from 'csv-stringify/sync';
import type { ListedFacts } from '../store/facts.ts';
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
  const keys = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))].filter((key) => !first.includes(key));
  const records = rows.map((row) => ({
    domain: row.name,
    expiration: row.expiration,
    issuer: row.issuer,
    ...Object.fromEntries([...first, ...keys.sort()].map((key) => [key, row.labels[key] ?? ''])),
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
