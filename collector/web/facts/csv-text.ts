import { harmless } from '../../inventory/formula.ts';

/** Rows as CSV (RFC 4180), every field quoted, and none that a spreadsheet would run as a formula. */
export function csvText(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (fields: readonly (string | number)[]) =>
    fields
      .map((field) => `"${(typeof field === 'number' ? String(field) : harmless(field)).replaceAll('"', '""')}"`)
      .join(',');
  return [head, ...rows].map((fields) => `${line(fields)}\r\n`).join('');
}
