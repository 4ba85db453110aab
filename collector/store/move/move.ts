import type { Result } from '@certherd/protocol/failure';
import Database from 'better-sqlite3';
import { isStartFailure, startFailure } from '../../failure.ts';
import { readMigrations } from '../migrations.ts';
import { createDatabase, type Queries } from '../postgres/database.ts';
import { aliveMs } from '../postgres/fleet.ts';
import { nowSql } from '../postgres/lead.ts';
import { connectUrl, nameOf, type PostgresPlace } from '../postgres/place.ts';
import { migrate, schemaVersion, wordConnectFailure } from '../postgres/schema.ts';
import { readResting, wordOpenFailure } from '../sqlite/database.ts';
import type { OpenSqlite, Sql } from '../sqlite/sqlite.ts';
import { copyTable, goOnCounting, rowsOf } from './copy.ts';
import { exceptions, planMove, serverOwn, staying } from './plan.ts';
import { sourceTables, targetTables } from './schemas.ts';

/** What was carried over, or would be. */
export interface Moved {
  /** Without account and password. */
  to: string;
  /** By table. */
  rows: Record<string, number>;
}

export interface MoveOptions {
  /** Looks at both databases, and writes nothing. */
  isDryRun: boolean;
  onward: (copied: number, total: number) => void;
}

/**
 * Carries a SQLite database over to an empty PostgreSQL one, in one transaction: all of it is there, or nothing. The source is only read.
 * Whoever calls holds its directory's lock, unless nothing is to be written. The failure is one line that says what to do.
 */
export async function moveToPostgres(
  path: string,
  open: OpenSqlite,
  place: PostgresPlace,
  options: MoveOptions,
): Promise<Result<Moved, string>> {
  const url = connectUrl(place);
  if (!url.ok) return url;
  const to = nameOf(place.url);
  const database = createDatabase(url.value, 'unlimited');
  let source: Sql | undefined;
  try {
    source = readResting(path, readMigrations(), open);
    requireNewest(source, path);
    // One moment, whatever a command beside this writes.
    source.exec('BEGIN');
    if ((await schemaVersion(database)) !== undefined) await requireEmpty(database, to);
    if (options.isDryRun) return { ok: true, value: { to, rows: countedRows(source) } };
    const migrated = await migrate(database, to, readMigrations('postgres'));
    if (!migrated.ok) return { ok: false, failure: migrated.failure.message };
    const read = source;
    return { ok: true, value: { to, rows: await database.write((tx) => copyAll(read, tx, to, options)) } };
  } catch (error) {
    if (isStartFailure(error)) return { ok: false, failure: error.message };
    if (error instanceof Database.SqliteError)
      return { ok: false, failure: `${wordOpenFailure(path, error).message}; nothing was moved` };
    return { ok: false, failure: wordConnectFailure(to, error) };
  } finally {
    source?.close();
    await database.close();
  }
}

async function copyAll(source: Sql, tx: Queries, to: string, { onward }: MoveOptions): Promise<Record<string, number>> {
  await requireEmpty(tx, to);
  const { tables, mistakes } = planMove(sourceTables(source), await targetTables(tx));
  if (mistakes.length > 0) throw new Error(mistakes.join('; '));
  const total = tables.reduce((sum, table) => sum + rowsOf(source, table), 0);
  let copied = 0;
  await tx.all('DELETE FROM setting');
  const rows: Record<string, number> = {};
  for (const table of tables) {
    rows[table.name] = await copyTable(source, tx, table, (more) => onward((copied += more), total));
    const found = await tx.one<{ n: number }>(`SELECT count(*) AS n FROM "${table.name}"`);
    if (found?.n !== rows[table.name])
      throw startFailure(`${to}: ${table.name} has ${found?.n} rows instead of ${rows[table.name]}: nothing was moved`);
  }
  await goOnCounting(source, tx);
  return rows;
}

function countedRows(source: Sql): Record<string, number> {
  const carried = sourceTables(source).filter(({ name }) => !staying.has(name));
  return Object.fromEntries(carried.map(({ name }) => [name, rowsOf(source, { name, except: exceptions[name] })]));
}

function requireNewest(source: Sql, path: string): void {
  const version = Number(source.pragma('user_version', { simple: true }));
  if (version !== readMigrations().at(-1)?.number)
    throw startFailure(
      `${path}: made by an older certherd-collector: start this version with it once, stop it, and run this again`,
    );
}

/** Nothing of a fleet may be there, and no collector that would go on with what it has read. */
async function requireEmpty(queries: Queries, to: string): Promise<void> {
  if ((await schemaVersion(queries)) === 'foreign')
    throw startFailure(`${to}: holds another program's tables: give the collector a database of its own`);
  for (const { name } of await targetTables(queries)) {
    // A collector that was started there once has given itself a name, and no more.
    if (name === 'setting' || serverOwn.has(name)) continue;
    if (await queries.one(`SELECT 1 FROM "${name}" LIMIT 1`))
      throw startFailure(`${to}: is not empty (${name}): name a database of its own; nothing was changed`);
  }
  const alive = await queries.one(`SELECT 1 FROM collector WHERE seen_at > ${nowSql} - ${aliveMs}`);
  if (alive) throw startFailure(`${to}: a collector is at work with it: stop it, and run this again ten seconds later`);
}
