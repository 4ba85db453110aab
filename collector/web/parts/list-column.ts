import type { ComponentChildren } from 'preact';

/** A column of a long list. */
export interface ListColumn<Row> {
  /** Its name in the address and in what is remembered. */
  readonly name: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** What rows are sorted by, in the order of code units or numbers; absent: it does not sort. */
  readonly sort?: (row: Row) => string | number;
  /** Its columns in a CSV file: each with its head. */
  readonly csv: readonly (readonly [string, (row: Row) => string])[];
  /** Shown unless somebody chooses otherwise. */
  readonly usual: boolean;
  /** Names the row: always shown, first. */
  readonly names?: boolean;
}

/** Rows by a column, those without a value last either way; rows that are equal keep their order. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly ListColumn<Row>[],
  sort: { readonly by: string; readonly descending: boolean } | undefined,
): readonly Row[] {
  const valueOf = columns.find(({ name }) => name === sort?.by)?.sort;
  if (sort === undefined || valueOf === undefined) return rows;
  const keyed = rows.map((row) => ({ row, value: valueOf(row) }));
  const way = sort.descending ? -1 : 1;
  keyed.sort((left, right) => {
    if (left.value === right.value) return 0;
    if (left.value === '') return 1;
    if (right.value === '') return -1;
    return left.value < right.value ? -way : way;
  });
  return keyed.map(({ row }) => row);
}
