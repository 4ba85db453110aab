import { aligned } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Console } from './command.ts';

/** Aligned columns, as wide as the terminal is: the one at `cut` is shortened first, then the last. `none`: what is to be copied stays whole. */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  console: Pick<Console, 'print'>,
  cut: number | 'none' = 0,
): void {
  const cells = [head, ...rows].map((row) => row.map((text) => ({ text: printable(text) })));
  const columns = process.stdout.isTTY && cut !== 'none' ? process.stdout.columns : undefined;
  const flexible = cut === 'none' ? 0 : cut;
  const lines = aligned(cells, { ...(columns !== undefined && { columns }), flexible, ellipsis: '…' });
  for (const line of lines) console.print(line);
}
