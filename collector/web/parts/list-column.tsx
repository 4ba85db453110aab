import type { ComponentChildren } from 'preact';
import type { Column } from '../../present/columns.ts';
import { Raw } from './raw.tsx';

/** A column of a long list, as it is drawn. */
export interface ListColumn<Row> extends Column<Row> {
  readonly cell: (row: Row) => ComponentChildren;
}

type Cells<Row> = Readonly<Record<string, (row: Row) => ComponentChildren>>;

/** Columns with their cells, by name; what has none is drawn as the text that it is in a file. */
export function drawn<Row>(columns: readonly Column<Row>[], cells: Cells<Row>): ListColumn<Row>[] {
  return columns.map((column) => {
    const text = column.csv[0]?.[1];
    return { ...column, cell: cells[column.name] ?? ((row) => <Raw text={text?.(row) ?? ''} limit={200} />) };
  });
}
