import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import pg from 'pg';
import { openPostgresStore, type PostgresNeeds } from '../../../collector/store/postgres/store.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startPostgres } from '../../helpers/testbed/postgres.ts';
import { openSandbox, type Sandbox } from '../../helpers/testbed/sandbox.ts';
import { temporaryDirectory } from './real-collector.ts';

/** A store of one engine, closed after the test. */
export interface OpenedStore {
  store: Store;
  /** Rows of a table, read beside the store. */
  count: (table: string) => Promise<number>;
}

export interface Engine {
  name: string;
  open: (t: ExecutionContext) => Promise<OpenedStore>;
}

/** Everything that a store can do is tested with both. */
export const engines: readonly Engine[] = [
  { name: 'SQLite', open: openSqlite },
  { name: 'PostgreSQL', open: openPostgres },
];

async function openSqlite(t: ExecutionContext): Promise<OpenedStore> {
  const directory = temporaryDirectory(t);
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  t.teardown(opened.value.close);
  const count = async (table: string) => {
    const sql = new Database(join(directory, 'certherd.db'), { readonly: true });
    const rows = Number(sql.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
    sql.close();
    return rows;
  };
  return { store: opened.value, count };
}

async function openPostgres(t: ExecutionContext): Promise<OpenedStore> {
  const url = await freshDatabase();
  const opened = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  t.teardown(opened.value.close);
  const count = async (table: string) => Number((await query(url, `SELECT count(*) AS n FROM ${table}`))[0]?.['n']);
  return { store: opened.value, count };
}

let sandbox: Sandbox | undefined;
let server: Promise<{ port: number; data: string }> | undefined;

/** The one PostgreSQL of a test file, started when it is first asked for; the file ends it with `endServers`. */
function postgresOfThisFile(): Promise<{ port: number; data: string }> {
  sandbox ??= openSandbox();
  return (server ??= startPostgres(sandbox));
}

export async function endServers(): Promise<void> {
  await sandbox?.close();
}

/** The URL of an empty database. */
export async function freshDatabase(): Promise<string> {
  const { port } = await postgresOfThisFile();
  const name = `fleet_${randomBytes(6).toString('hex')}`;
  await query(
    `postgres://test@127.0.0.1:${port}/postgres`,
    `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`,
  );
  return `postgres://test@127.0.0.1:${port}/${name}`;
}

/** One statement on a connection of its own. */
export async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows }: { rows: Record<string, unknown>[] } = await client.query(sql, values);
    return rows;
  } finally {
    await client.end();
  }
}

/** The store of a database that is there, closed after the test. */
export async function openedPostgres(
  t: ExecutionContext,
  url: string,
  change: Partial<PostgresNeeds> = {},
): Promise<Store> {
  const store = await openPostgresStore(
    { url, passwordFile: undefined },
    { clock: systemClock, log: silentLog, ...change },
  );
  if (!store.ok) throw new Error(store.failure.message);
  t.teardown(store.value.close);
  return store.value;
}
