/** How rows are told apart by one of their properties. */
export interface Facet<Row> {
  /** Its name in the address. */
  readonly name: string;
  readonly title: string;
  /** The values that a row has; none is "". */
  readonly valuesOf: (row: Row) => readonly string[];
  /** How a value is worded where it is not shown as it is. */
  readonly words?: (value: string) => string;
}

/** What was chosen, by the facet's name: rows without any value are chosen by "". */
export type Choice = ReadonlyMap<string, string>;

/** What is searched for, and how a row is asked. */
export interface Search<Row> {
  readonly words: readonly string[];
  readonly holds: (row: Row, word: string) => boolean;
}

/** The words of what somebody typed. */
export function wordsOf(typed: string): string[] {
  return typed.toLowerCase().split(/\s+/).filter(Boolean);
}

export interface Sifted<Row> {
  readonly rows: readonly Row[];
  /** For each facet how many rows have a value, were it the only thing changed; "" counts rows without any. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Rows that hold every word of the search, and what was chosen of each facet, in one pass. Words are in lower case. */
export function sift<Row>(
  rows: readonly Row[],
  { words, holds }: Search<Row>,
  facets: readonly Facet<Row>[],
  choice: Choice,
): Sifted<Row> {
  const tallies = facets.map(({ valuesOf, name }) => ({
    valuesOf,
    wanted: choice.get(name),
    counts: new Map<string, number>(),
  }));
  const kept: Row[] = [];
  for (const row of rows) {
    if (!words.every((word) => holds(row, word))) continue;
    let missed: object | undefined;
    let misses = 0;
    for (const tally of tallies) {
      if (tally.wanted === undefined || orNone(tally.valuesOf(row)).includes(tally.wanted)) continue;
      misses += 1;
      missed = tally;
    }
    if (misses === 0) kept.push(row);
    if (misses > 1) continue;
    // What fails one facet alone would be there if that one were chosen otherwise.
    for (const tally of tallies)
      if (missed === undefined || missed === tally) count(tally.counts, orNone(tally.valuesOf(row)));
  }
  return { rows: kept, counts: new Map(facets.map(({ name }, index) => [name, tallies[index]?.counts ?? new Map()])) };
}

/** Facets that tell some of these rows from others. */
export function tellingFacets<Row>(rows: readonly Row[], facets: readonly Facet<Row>[]): Facet<Row>[] {
  const { counts } = sift(rows, { words: [], holds: () => true }, facets, new Map());
  return facets.filter(({ name }) => (counts.get(name)?.size ?? 0) > 1);
}

const none = [''];

function orNone(values: readonly string[]): readonly string[] {
  return values.length === 0 ? none : values;
}

function count(counts: Map<string, number>, values: readonly string[]): void {
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
}
