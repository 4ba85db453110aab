import { sheetOf } from '../../present/columns.ts';
import type { Router } from '../route/router.ts';
import { give } from './download.tsx';
import type { ListColumn } from './list-column.tsx';

interface ListToolsProps<Row> {
  /** What is listed: names the file and what is remembered. */
  readonly name: string;
  readonly columns: readonly ListColumn<Row>[];
  readonly shown: readonly ListColumn<Row>[];
  readonly rows: readonly Row[];
  readonly router: Router;
}

/** Which columns are shown, and what is seen as a file. */
export function ListTools<Row>({ name, columns, shown, rows, router }: ListToolsProps<Row>) {
  const choose = (chosen: string, wanted: boolean): void => {
    const names = columns
      .filter((column) => (column.name === chosen ? wanted : shown.includes(column)))
      .map((column) => column.name);
    remember(name, names);
    router.look((view) => view.set('columns', names.join('.')));
  };
  return (
    <div class="tools">
      <details class="columns">
        <summary>Columns</summary>
        <fieldset>
          <legend class="unseen">Columns that are shown</legend>
          {columns
            .filter(({ names }) => names !== true)
            .map((column) => (
              <label key={column.name}>
                <input
                  type="checkbox"
                  checked={shown.includes(column)}
                  onChange={({ currentTarget }) => choose(column.name, currentTarget.checked)}
                />
                {column.title}
              </label>
            ))}
        </fieldset>
      </details>
      <button type="button" onClick={() => give(`${name}.csv`, sheetOf(shown, rows))}>
        CSV <span class="quiet">of these {rows.length.toLocaleString('en-GB')}</span>
      </button>
    </div>
  );
}

/** The columns that are shown: as the address says, else as was chosen here before, else the usual ones. */
export function shownColumns<Row>(
  name: string,
  columns: readonly ListColumn<Row>[],
  asked: readonly string[] | undefined,
): readonly ListColumn<Row>[] {
  const chosen = asked ?? remembered(name);
  return columns.filter((column) => column.names === true || (chosen?.includes(column.name) ?? column.usual));
}

const keyOf = (name: string): string => `certherd.${name}.columns`;

/** A browser that keeps nothing (private, blocked) only forgets. */
function remember(name: string, columns: readonly string[]): void {
  try {
    localStorage.setItem(keyOf(name), columns.join('.'));
  } catch {}
}

function remembered(name: string): readonly string[] | undefined {
  try {
    return localStorage.getItem(keyOf(name))?.split('.');
  } catch {
    return undefined;
  }
}
