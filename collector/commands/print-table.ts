import { aligned } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Console } from './command.ts';

/** Aligned columns, as wide as the terminal is. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], console: Console): void {
  const cells = [head, ...rows].map((row) => row.map((text) => ({ text: printable(text) })));
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  const lines = aligned(cells, { ...(columns !== undefined && { columns }), flexible: 0, ellipsis: '…' });
  for (const line of lines) console.print(line);
}
