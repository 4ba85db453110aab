import type { Queries } from '../postgres/database.ts';
import { digestOf } from '../postgres/changes.ts';
import type { Sql } from '../sqlite/sqlite.ts';
import type { CarriedTable } from './plan.ts';

/** Of one statement: as many rows, or as many characters, whichever comes first. */
const mostRows = 2_000;
const mostCharacters = 4_000_000;

/** Copies the rows of one table; resolves with how many there are. `onward` is told after each statement. */
export async function copyTable(
  source: Sql,
  tx: Queries,
  table: CarriedTable,
  onward: (rows: number) => void,
): Promise<number> {
  const insert = insertOf(table);
  let rows: unknown[][] = [];
  let characters = 0;
  let copied = 0;
  const flush = async () => {
    if (rows.length === 0) return;
    await tx.all(
      insert,
      table.columns.map((_, index) => rows.map((row) => row[index])),
    );
    copied += rows.length;
    onward(rows.length);
    rows = [];
    characters = 0;
  };
  for (const row of source.prepare<[], unknown[]>(selectOf(table)).raw().iterate()) {
    rows.push(row.map((value, index) => (table.columns[index]?.isDigest ? digestOf(String(value)) : value)));
    for (const value of row) if (typeof value === 'string' || Buffer.isBuffer(value)) characters += value.length;
    if (rows.length >= mostRows || characters >= mostCharacters) await flush();
  }
  await flush();
  return copied;
}

/** How many rows of a table are to be carried over. */
export function rowsOf(source: Sql, { name, except }: Pick<CarriedTable, 'name' | 'except'>): number {
  return Number(
    source
      .prepare(`SELECT count(*) FROM "${name}"${except === undefined ? '' : ` WHERE NOT (${except})`}`)
      .pluck()
      .get(),
  );
}

/** Numbers that the server gives go on behind those that are there. */
export async function goOnCounting(source: Sql, tx: Queries): Promise<void> {
  const numbered = await tx.all<{ table: string; column: string }>(
    `SELECT CAST(table_name AS TEXT) AS "table", CAST(column_name AS TEXT) AS "column" FROM information_schema.columns
     WHERE table_schema = current_schema() AND is_identity = 'YES'`,
  );
  for (const { table, column } of numbered)
    await tx.all(
      `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), max("${column}")) FROM "${table}"
       HAVING max("${column}") IS NOT NULL`,
    );
  // Ids of events are in the order of commits, and none is given twice, also of those that were thinned.
  const last = source.prepare<[string], number>('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck();
  for (const { name } of await tx.all<{ name: string }>('SELECT name FROM counter'))
    await tx.all('UPDATE counter SET value = $1 WHERE name = $2', [last.get(name) ?? 0, name]);
}

function selectOf({ name, columns, except }: CarriedTable): string {
  const list = columns.map(({ from }) => `"${from}"`).join(', ');
  return `SELECT ${list} FROM "${name}"${except === undefined ? '' : ` WHERE NOT (${except})`}`;
}

function insertOf({ name, columns }: CarriedTable): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const values = columns.map(({ type }, index) => `unnest($${index + 1}::${type}[])`).join(', ');
  return `INSERT INTO "${name}" (${names}) SELECT ${values}`;
}
