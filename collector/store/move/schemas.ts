import type { Queries } from '../postgres/database.ts';
import type { Sql } from '../sqlite/sqlite.ts';
import type { SourceTable, TargetTable } from './plan.ts';

/** The tables of a SQLite database, as it has them. */
export function sourceTables(sql: Sql): SourceTable[] {
  const names = sql
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .pluck()
    .all();
  const columns = sql.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck();
  const named = sql.prepare<[string], string>('SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)').pluck();
  return names.map((name) => ({ name, columns: columns.all(name), names: named.all(name) }));
}

/** The tables of a PostgreSQL database, as it has them. */
export async function targetTables(queries: Queries): Promise<TargetTable[]> {
  const rows = await queries.all<{ table: string; name: string; type: string }>(
    `SELECT CAST(table_name AS TEXT) AS "table", CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS type
     FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`,
  );
  return [...Map.groupBy(rows, ({ table }) => table)].map(([name, columns]) => ({ name, columns }));
}
