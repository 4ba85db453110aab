import { aligned, shortened, widthOf } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Column } from '../present/columns.ts';

/** A name of so many characters is mostly told from another: no column gets narrower. */
const leastWidth = 24;
const gap = 2;
const ellipsis = '…';

/** Lines of a list, and the columns that found no room in them. */
export interface ListLines {
  readonly lines: readonly string[];
  readonly leftOut: readonly string[];
}

/**
 * Rows in aligned columns. Where the terminal is too narrow (`width`, in characters) those that come first and fit are kept, and the
 * widest are cut; without a width all of it is written. `now`: milliseconds since 1970.
 */
export function listLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { now, width }: { now: number; width: number | undefined },
): ListLines {
  const texts = columns.map((column) => [
    column.title.toUpperCase(),
    ...rows.map((row) => printable(briefOf(column, row, now))),
  ]);
  const widths = texts.map((cells) => cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), 0));
  const kept = fitting(widths, width);
  const most = mostOf(
    kept.map((index) => widths[index] ?? 0),
    width,
  );
  const lines = [undefined, ...rows].map((_, line) =>
    kept.map((index) => ({ text: shortened(texts[index]?.[line] ?? '', most, ellipsis) })),
  );
  return {
    lines: aligned(lines, { flexible: 0, ellipsis }),
    leftOut: columns.filter((_, index) => !kept.includes(index)).map(({ name }) => name),
  };
}

function briefOf<Row>({ brief, csv }: Column<Row>, row: Row, now: number): string {
  return brief ? brief(row, now) : (csv[0]?.[1](row) ?? '');
}

/** Indices of columns that stand beside each other, the wide ones cut; the first always does. */
function fitting(widths: readonly number[], width = Infinity): number[] {
  let left = width + gap;
  return widths.flatMap((own, index) => {
    const needed = Math.min(own, leastWidth) + gap;
    if (index > 0 && needed > left) return [];
    left -= needed;
    return [index];
  });
}

/** The width that no column may pass, so that all of them fit. */
function mostOf(widths: readonly number[], width = Infinity): number {
  const room = width - gap * (widths.length - 1);
  let most = Math.max(leastWidth, ...widths);
  while (most > leastWidth && widths.reduce((sum, one) => sum + Math.min(one, most), 0) > room) most -= 1;
  return most;
}
