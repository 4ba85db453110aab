import { csvOf } from './csv.ts';

/** A column of a long list, as text: the page draws it, and a command writes it. */
export interface Column<Row> {
  /** Its name in the page's address, and on the command line. */
  readonly name: string;
  readonly title: string;
  /** What rows are sorted by, in the order of code units or numbers; absent: it does not sort. */
  readonly sort?: (row: Row) => string | number;
  /** Its columns in a CSV file: each with its head. */
  readonly csv: readonly (readonly [string, (row: Row) => string])[];
  /** In a line of a terminal, at `now` (milliseconds since 1970); raw. Absent: the first of its CSV. */
  readonly brief?: (row: Row, now: number) => string;
  /** Shown unless somebody chooses otherwise. */
  readonly usual: boolean;
  /** Names the row: always shown, first. */
  readonly names?: boolean;
}

/** A column of one text, which it is sorted by as well. */
export function textColumn<Row>(
  name: string,
  title: string,
  usual: boolean,
  textOf: (row: Row) => string,
): Column<Row> {
  return { name, title, usual, sort: textOf, csv: [[name, textOf]] };
}

export function numberColumn<Row>(name: string, title: string, numberOf: (row: Row) => number): Column<Row> {
  return { name, title, usual: false, sort: numberOf, csv: [[name, (row) => String(numberOf(row))]] };
}

/** Rows by a column, those without a value last either way; rows that are equal keep their order. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
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

/** These columns of these rows as a CSV file. */
export function sheetOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const parts = columns.flatMap(({ csv }) => csv);
  return csvOf(
    parts.map(([head]) => head),
    rows.map((row) => parts.map(([, textOf]) => textOf(row))),
  );
}
