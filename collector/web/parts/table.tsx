import { useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  /** What stands in the head instead of the title, where that says more. */
  readonly head?: ComponentChildren;
  readonly cell: (row: Row) => ComponentChildren;
  /** The column that names the row: its cells are row headers (WAI-ARIA rowheader). */
  readonly names?: boolean;
  /** Names the column's width in page.css; `plain` in it leaves the title out on a narrow screen. */
  readonly class: string;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly name: string;
}

/**
 * A table that becomes a list of cards on a narrow screen. Roles are written out because `display: grid` would take
 * them away. Only the first rows are drawn until a person asks for more, so that thousands cost nothing.
 */
export function Table<Row>({ caption, columns, rows, keyOf, name }: TableProps<Row>) {
  const step = useComputed(() => (matchMedia('(max-width: 1240px)').matches ? 16 : 50)).value;
  const limit = useSignal(step);
  const shown = rows.slice(0, limit.value);
  return (
    <>
      <table role="table" class={`rows ${name}`} aria-rowcount={rows.length + 1}>
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.title} role="columnheader" scope="col" class={column.class}>
                {column.head ?? column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <Cell key={column.title} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <More
        shown={shown.length}
        total={rows.length}
        ask={() => {
          limit.value += step * 2;
        }}
      />
    </>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const content = column.cell(row);
  const given = { 'data-title': column.title, class: column.class };
  return column.names === true ? (
    <th role="rowheader" scope="row" {...given}>
      {content}
    </th>
  ) : (
    <td role="cell" {...given}>
      {content}
    </td>
  );
}

/** How many are shown of how many, with a button for more; nothing when all are shown. */
export function More({ shown, total, ask }: { shown: number; total: number; ask: () => void }) {
  if (shown >= total) return null;
  return (
    <p class="more">
      <button type="button" onClick={ask}>
        Show more
      </button>
      <span class="quiet">
        {shown} of {total} shown
      </span>
    </p>
  );
}
