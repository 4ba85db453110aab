import type { Result } from '@certherd/protocol/failure';
import { codeOf, isUnreachable, messageOf } from '../../failure.ts';
import type { Migration } from '../migrations.ts';
import type { OpenFailure } from '../sqlite/database.ts';
import type { Database, Queries } from './database.ts';

/** What a look at the schema tells; changes nothing. undefined: an empty database. */
export async function schemaVersion(queries: Queries): Promise<number | 'foreign' | undefined> {
  const tables = await queries.all<{ name: string }>(ownTables);
  if (tables.length === 0) return undefined;
  if (!tables.some(({ name }) => name === 'certherd_schema')) return 'foreign';
  const row = await queries.one<{ version: number | null }>('SELECT max(number) AS version FROM certherd_schema');
  return row?.version ?? undefined;
}

/** Tables, also those that this account may not read; an extension's are no program's. */
export const ownTables = `SELECT CAST(relname AS TEXT) AS name FROM pg_catalog.pg_class
  JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND NOT EXISTS (
    SELECT 1 FROM pg_catalog.pg_depend WHERE deptype = 'e' AND objid = pg_class.oid AND classid = CAST('pg_catalog.pg_class' AS regclass))`;

/** Brings the schema up to date. Of several collectors that begin together one makes each step, and the others find it made. */
export async function migrate(
  database: Database,
  place: string,
  migrations: readonly Migration[],
): Promise<Result<void, OpenFailure>> {
  try {
    const found = await schemaVersion(database);
    const newest = migrations.at(-1)?.number ?? 0;
    if (found === 'foreign')
      return refuse('foreign', `${place}: holds another program's tables: give the collector a database of its own`);
    if (found !== undefined && found > newest)
      return refuse(
        'newer',
        `${place}: made by a newer certherd-collector (schema ${found}, this one knows ${newest}): install that version; nothing was changed`,
      );
    const encoding = await database.one<{ server_encoding: string }>('SHOW server_encoding');
    if (!/^utf-?8$/i.test(encoding?.server_encoding ?? ''))
      return refuse(
        'foreign',
        `${place}: its encoding is ${encoding?.server_encoding}, which cannot hold what hosts tell: createdb --encoding=UTF8 --template=template0`,
      );
    if (found === undefined) await database.write((tx) => tx.all(tableOfSteps));
    for (const { number, sql } of migrations)
      if (number > (found ?? 0))
        await database.write(async (tx) => {
          // Whoever comes second waits here for the first.
          const mine = await tx.one(
            'INSERT INTO certherd_schema (number) VALUES ($1) ON CONFLICT (number) DO NOTHING RETURNING number',
            [number],
          );
          if (mine) await tx.all(sql);
        });
    return { ok: true, value: undefined };
  } catch (error) {
    return refuse('unreadable', wordConnectFailure(place, error));
  }
}

const tableOfSteps = 'CREATE TABLE IF NOT EXISTS certherd_schema (number BIGINT PRIMARY KEY)';

/** One line that says what to do; `place` has no password in it. */
export function wordConnectFailure(place: string, error: unknown): string {
  const words = messageOf(error).replace(/^PostgreSQL: /, '');
  const code = codeOf(error);
  if (code === '42501')
    return `${place}: the account may not do what it has to (${words}): GRANT CREATE, USAGE ON SCHEMA public and GRANT ALL ON ALL TABLES IN SCHEMA public, or make it the owner of both`;
  return isUnreachable(error)
    ? `${place}: cannot be reached (${words}): check the server, and store in collector.toml`
    : `${place}: cannot be used (${words}): certherd-collector doctor says more`;
}

function refuse(reason: OpenFailure['reason'], message: string): { ok: false; failure: OpenFailure } {
  return { ok: false, failure: { reason, message } };
}
