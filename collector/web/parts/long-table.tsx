import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ListColumn } from './list-column.tsx';
import { useRowHeight } from './row-height.ts';

interface LongTableProps<Row> {
  /** Its class: columns have their widths from it. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly ListColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sort: { readonly by: string; readonly descending: boolean } | undefined;
  readonly onSort: (by: string) => void;
}

/**
 * A table of any length that scrolls with the page. All rows have one height, and only those near the screen are in the
 * document; how many there are and which ones these are stands in aria-rowcount and aria-rowindex (WAI-ARIA 1.2).
 */
export function LongTable<Row>({ name, caption, columns, rows, keyOf, sort, onSort }: LongTableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const fit = useRowHeight(body, columns.map((column) => column.name).join());
  const { from, to, rowHeight } = useNearScreen(body, rows.length, fit);
  return (
    <table role="table" class={`rows long ${name}`} aria-rowcount={rows.length + 1}>
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <Head key={column.name} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <Space height={from * rowHeight} />
      <tbody role="rowgroup" ref={body}>
        {rows.slice(from, to).map((row, index) => (
          <tr key={keyOf(row)} role="row" aria-rowindex={from + index + 2}>
            {columns.map((column) => (
              <Cell key={column.name} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
      <Space height={(rows.length - to) * rowHeight} />
    </table>
  );
}

/** Stands for the rows that are not in the document. */
function Space({ height }: { height: number }) {
  return (
    <tbody aria-hidden="true" class="space">
      <tr>
        <td style={{ height: `${height}px` }} />
      </tr>
    </tbody>
  );
}

interface HeadProps<Row> extends Pick<LongTableProps<Row>, 'sort' | 'onSort'> {
  readonly column: ListColumn<Row>;
}

function Head<Row>({ column: { name, title, sort: sortable }, sort, onSort }: HeadProps<Row>) {
  const state = sort?.by === name ? (sort.descending ? 'descending' : 'ascending') : undefined;
  return (
    <th role="columnheader" scope="col" class={`c-${name}`} aria-sort={state}>
      {sortable === undefined ? (
        title
      ) : (
        <button type="button" class="head" onClick={() => onSort(name)}>
          {title} <span aria-hidden="true">{state === undefined ? '' : state === 'ascending' ? '↑' : '↓'}</span>
        </button>
      )}
    </th>
  );
}

function Cell<Row>({ column: { name, title, names, cell }, row }: { column: ListColumn<Row>; row: Row }) {
  const content = <div class="cell">{cell(row)}</div>;
  return names === true ? (
    <th role="rowheader" scope="row" class={`c-${name}`}>
      {content}
    </th>
  ) : (
    <td role="cell" class={`c-${name}`} data-title={title}>
      {content}
    </td>
  );
}

/** Rows are added and left out this many at a time, and so many are ready above and below the screen. */
const step = 10;
const guessedHeight = 48;

/**
 * Which of so many rows are near the screen, in steps, and how high one is once `fit` has made all of them alike. Where they become higher the row that
 * was at the top of the screen stays there.
 */
function useNearScreen(body: RefObject<HTMLTableSectionElement | null>, count: number, fit: () => void) {
  const near = useSignal({ from: 0, rowHeight: guessedHeight, shown: 40 });
  const owed = useRef(0);
  const look = (): void => {
    const { from, rowHeight, shown } = near.peek();
    const first = body.current?.firstElementChild;
    // The beginning of all rows, drawn or not, however high the space above is by now.
    const above = body.current?.previousElementSibling;
    if (!first || !above) return;
    const height = first.getBoundingClientRect().height || rowHeight;
    const passed = -above.getBoundingClientRect().top / (from === 0 ? height : rowHeight);
    if (from > 0) owed.current = passed * (height - rowHeight);
    const next = {
      from: Math.max(0, Math.floor(passed / step) * step - step),
      rowHeight: height,
      shown: Math.ceil(innerHeight / height / step) * step + 3 * step,
    };
    if (next.from !== from || next.rowHeight !== rowHeight || next.shown !== shown) near.value = next;
  };
  // After each draw, since other rows may be taller, and then all are.
  useLayoutEffect(() => {
    if (owed.current !== 0) scrollBy(0, owed.current);
    owed.current = 0;
    const fitted = (): void => {
      fit();
      look();
    };
    fitted();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', fitted);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', fitted);
    };
  });
  const { rowHeight, shown } = near.value;
  const from = Math.min(near.value.from, Math.max(0, Math.floor((count - 1) / step) * step));
  return { from, to: Math.min(count, from + shown), rowHeight };
}
