/** One cell: what is measured, and how it is then coloured. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

const gap = '  ';

/** A name of so many characters is mostly told from another, a code of so many from others; none gets narrower than the last. */
const least = { flexible: 24, last: 14, any: 10 };

/**
 * Rows in aligned columns, two spaces apart, the last one ragged. Where `columns` is given and a row would be wider, the column
 * `flexible` is shortened for all, then the last one, then the first again. Texts must be printable.
 */
export function aligned(
  rows: readonly (readonly Cell[])[],
  { columns, flexible, ellipsis }: { columns?: number; flexible: number; ellipsis: string },
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[index]?.text ?? '')), 0),
  );
  const shrink = (index: number, to: number) => {
    const over = widths.reduce((sum, width) => sum + width, gap.length * (count - 1)) - (columns ?? Infinity);
    const width = widths[index] ?? 0;
    if (over > 0) widths[index] = Math.max(Math.min(to, width), width - over);
  };
  shrink(flexible, least.flexible);
  shrink(count - 1, least.last);
  shrink(flexible, least.any);
  return rows.map((row) => lineOf(row, widths, ellipsis));
}

/** Spaces are owed until something follows them. */
function lineOf(row: readonly Cell[], widths: readonly number[], ellipsis: string): string {
  let line = '';
  let owed = 0;
  row.forEach(({ text, paint = (plain) => plain }, index) => {
    const shown = shortened(text, widths[index] ?? 0, ellipsis);
    if (shown !== '') {
      line += ' '.repeat(owed) + paint(shown);
      owed = 0;
    }
    owed += (widths[index] ?? 0) - widthOf(shown) + gap.length;
  });
  return line;
}

/** Text in lines of at most `columns`, broken at spaces; a word that is longer stands alone. */
export function wrapped(text: string, columns: number): string[] {
  return flowed(text.split(' '), columns, ' ');
}

/** Pieces, none of which is broken, in lines of at most `columns`. */
export function flowed(pieces: readonly string[], columns: number, between = gap): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + between.length + widthOf(piece) <= columns)
      lines[lines.length - 1] = last + between + piece;
    else lines.push(piece);
  }
  return lines;
}

/** Characters that a terminal draws: two for East Asian wide ones and pictures, none for marks on the one before. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** What fits into so many characters as a terminal draws them, ellipsis included. */
export function shortened(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) + 1 > width) break;
    kept += character;
  }
  return kept + ellipsis;
}
