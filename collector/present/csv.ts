import { harmless } from '../inventory/formula.ts';
import { printable } from '../evaluate/printable.ts';

/**
 * Lines of text (RFC 4180) for a spreadsheet: every field quoted, hidden characters visible as on the page, and what a
 * spreadsheet would take for a formula made text by an apostrophe.
 */
export function csvOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ...rows].map((fields) => `${fields.map(quoted).join(',')}\r\n`).join('');
}

function quoted(field: string): string {
  return `"${harmless(printable(field)).replaceAll('"', '""')}"`;
}
