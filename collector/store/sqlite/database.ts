import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import type { Result } from '@certherd/protocol/failure';
import Database from 'better-sqlite3';
import { messageOf, startFailure } from '../../failure.ts';
import type { Migration } from '../migrations.ts';
import { installedSqlite, type OpenSqlite, type Sql } from './sqlite.ts';

/** Why a database was not opened; `message` is one line that names the file and says what to do. */
export interface OpenFailure {
  reason: 'corrupt' | 'newer' | 'foreign' | 'unreadable' | 'old-library';
  message: string;
}

/** "CRTH" in PRAGMA application_id: tells our file from any other SQLite file. */
const applicationId = 0x43_52_54_48;
/** Checking a file takes about a second per 500 MB; larger ones are left to a check on demand. */
export const largestCheckedBytes = 256 * 1024 * 1024;
/** Of pages, in KB: what is not among them is read from the system's cache. better-sqlite3 would have 16 MB, which stay (decision 109). */
const cacheKb = 4_000;

/**
 * Opens or makes the database (0600), checks it, and brings its schema up to date. Nothing is written before
 * it is certain that the file is ours, whole, and not newer than this code.
 */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  open: OpenSqlite = installedSqlite,
): Result<Sql, OpenFailure> {
  try {
    const refused = existsSync(path) && statSync(path).size > 0 ? examine(path, migrations, open) : undefined;
    if (refused) return { ok: false, failure: refused };
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const sql = open(path);
    sql.pragma('busy_timeout = 5000');
    sql.pragma(`cache_size = -${cacheKb}`);
    sql.pragma('journal_mode = WAL');
    sql.pragma('synchronous = FULL');
    sql.pragma('foreign_keys = ON');
    sql.pragma('trusted_schema = OFF');
    migrate(sql, migrations);
    return { ok: true, value: sql };
  } catch (error) {
    return { ok: false, failure: wordOpenFailure(path, error) };
  }
}

/** Opens it to read only, as it is: an older schema stays. Throws a start failure where it is not ours, or damaged. */
export function readResting(path: string, migrations: readonly Migration[], open: OpenSqlite): Sql {
  const refused = examine(path, migrations, open);
  if (refused) throw startFailure(refused.message);
  return open(path, { readonly: true });
}

/**
 * A reason not to touch this file, or undefined; reads only, but for a transaction that was cut off, which SQLite takes back. `wholly` reads every page
 * and index, whatever the size.
 */
export function examine(
  path: string,
  migrations: readonly Migration[],
  open: OpenSqlite,
  wholly?: 'wholly',
): OpenFailure | undefined {
  try {
    return examineResting(path, migrations, open, wholly);
  } catch (error) {
    // A rollback journal lies beside it: killed while the journal's own mode was changed, as at a restoration and at the first start behind it.
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_READONLY_ROLLBACK') throw error;
    const sql = open(path);
    sql.prepare('SELECT count(*) FROM sqlite_schema').get();
    sql.close();
    return examineResting(path, migrations, open, wholly);
  }
}

function examineResting(
  path: string,
  migrations: readonly Migration[],
  open: OpenSqlite,
  wholly: 'wholly' | undefined,
): OpenFailure | undefined {
  const sql = open(path, { readonly: true });
  try {
    const refused = foreignOrNewer(sql, path, migrations);
    if (refused) return refused;
    if (wholly || statSync(path).size <= largestCheckedBytes) {
      const verdict = String(sql.pragma(wholly ? 'integrity_check(1)' : 'quick_check(1)', { simple: true }));
      if (verdict !== 'ok') return corrupt(path, verdict.split('\n')[0] ?? '', wholly && 'backup');
    }
    return undefined;
  } finally {
    sql.close();
  }
}

/** Why a database is not ours to use, as far as its header and schema tell. */
export function foreignOrNewer(sql: Sql, path: string, migrations: readonly Migration[]): OpenFailure | undefined {
  const library = String(sql.prepare('SELECT sqlite_version()').pluck().get());
  if (!isAtLeast(library, [3, 51, 3]))
    return { reason: 'old-library', message: `SQLite ${library} is too old: 3.51.3 or newer is needed` };
  const owner = Number(sql.pragma('application_id', { simple: true }));
  const tables = Number(sql.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  if (owner !== applicationId && (owner !== 0 || tables > 0))
    return {
      reason: 'foreign',
      message: `${path}: another program's database: choose another directory with --data`,
    };
  const version = Number(sql.pragma('user_version', { simple: true }));
  const newest = migrations.at(-1)?.number ?? 0;
  if (version > newest)
    return {
      reason: 'newer',
      message: `${path}: made by a newer certherd-collector (schema ${version}, this one knows ${newest}): install that version; nothing was changed`,
    };
  return undefined;
}

/** Each step in one transaction with its number, so that a crash leaves a whole schema. */
function migrate(sql: Sql, migrations: readonly Migration[]): void {
  sql
    .transaction(() => {
      const version = Number(sql.pragma('user_version', { simple: true }));
      for (const migration of migrations) {
        if (migration.number <= version) continue;
        sql.exec(migration.sql);
        sql.pragma(`user_version = ${migration.number}`);
        sql.pragma(`application_id = ${applicationId}`);
      }
    })
    .exclusive();
}

/** What an error of SQLite's means for whoever wanted this file, the live database or a backup of it. */
export function wordOpenFailure(path: string, error: unknown, of?: 'backup'): OpenFailure {
  if (error instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code))
    return corrupt(path, error.message, of);
  return {
    reason: 'unreadable',
    message: `${path}: cannot be opened (${messageOf(error)}): check the disk and the owner`,
  };
}

export function corrupt(path: string, detail: string, of?: 'backup'): OpenFailure {
  const remedy =
    of === 'backup'
      ? 'name another backup'
      : 'put a backup in its place with certherd-collector restore FILE, or move it away with its -wal and -shm files to start empty';
  return { reason: 'corrupt', message: `${path}: damaged (${detail}): ${remedy}` };
}

function isAtLeast(version: string, [major, minor, patch]: [number, number, number]): boolean {
  const [a = 0, b = 0, c = 0] = version.split('.').map(Number);
  return a !== major ? a > major : b !== minor ? b > minor : c >= patch;
}
