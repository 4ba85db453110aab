import { chmodSync, closeSync, fdatasync, fsyncSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import { codeOf, messageOf } from '../../failure.ts';
import { type OpenFailure, examine, wordOpenFailure } from './database.ts';
import { isSameMark, type Mark, markOf } from './mark.ts';
import type { Migration } from '../migrations.ts';
import { settingTable } from './settings.ts';
import type { OpenSqlite, Sql } from './sqlite.ts';

/** Pages copied at a time, 4 KiB each: a fraction of a millisecond, then everybody else has a turn. */
const pagesAtATime = 64;
/** Pages that may be unwritten at a time: what waits for the disk at the end stays as small. */
const pagesUnsynced = 4096;

/** What a backup holds, for people. */
export interface BackupContent {
  hosts: number;
  certificates: number;
  events: number;
  bytes: number;
  /** Milliseconds since 1970. */
  backedUpAt: number;
}

export type CopyDatabase = (
  path: string,
  onward: (progress: { total: number; remaining: number }) => void,
) => Promise<Mark>;

/**
 * Copies the database to `path` (which must not be there) through this connection while it goes on writing: its writes go to both, so that
 * the copy is the database as of the end, which `mark` names. Another connection's copy would begin anew with each write.
 * `onward` is told how much is left and ends the copying by throwing. Rejects when nothing whole came about; `path` is then gone.
 */
export async function copyDatabase(sql: Sql, ...[path, onward]: Parameters<CopyDatabase>): Promise<Mark> {
  closeSync(openSync(path, 'wx', 0o600));
  const disk = createSyncing(path);
  try {
    await sql.backup(path, {
      progress({ totalPages, remainingPages }) {
        onward({ total: totalPages, remaining: remainingPages });
        return disk.mayCopy(totalPages - remainingPages) ? pagesAtATime : 0;
      },
    });
    // No turn of the event loop lies between the last page and this.
    return markOf(sql);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    disk.close();
  }
}

/**
 * Makes one self-contained file of a copy (no write-ahead log beside it), checks every page of it, and writes down when it was made. The failure
 * is one line.
 */
export function finishBackup(
  path: string,
  expected: Mark,
  at: number,
  open: OpenSqlite,
): Result<BackupContent, string> {
  let sql: Sql | undefined;
  try {
    chmodSync(path, 0o600);
    sql = open(path);
    sql.pragma('journal_mode = DELETE');
    sql.pragma('synchronous = FULL');
    const found = markOf(sql);
    if (!isSameMark(found, expected)) return { ok: false, failure: `${path}: not the moment that was copied` };
    const verdict = String(sql.pragma('integrity_check(1)', { simple: true }));
    if (verdict !== 'ok') return { ok: false, failure: `${path}: damaged (${verdict.split('\n')[0]})` };
    settingTable(sql).keep('backed-up-at', String(at));
    const content = contentOf(sql);
    sql.close();
    sync(path);
    return { ok: true, value: content };
  } catch (error) {
    return { ok: false, failure: `${path}: cannot be checked (${messageOf(error)})` };
  } finally {
    sql?.close();
  }
}

/** Is this a whole backup that this version can read? Changes nothing; what it holds, or why not. */
export function inspectBackup(
  path: string,
  migrations: readonly Migration[],
  open: OpenSqlite,
): Result<BackupContent, OpenFailure> {
  let sql: Sql | undefined;
  try {
    const refused = examine(path, migrations, open, 'wholly');
    if (refused) return { ok: false, failure: refused };
    sql = open(path, { readonly: true });
    return { ok: true, value: contentOf(sql) };
  } catch (error) {
    return { ok: false, failure: wordOpenFailure(path, error, 'backup') };
  } finally {
    sql?.close();
  }
}

/** Beginning of the name of a directory in which a restoration is prepared. */
export const restoring = 'restoring-';

export function isRestoring(name: string): boolean {
  return /^restoring-[A-Za-z0-9]{6}$/.test(name);
}

/** A copy that was written later than this is perhaps being made, or about to be taken away. */
const leftoverAfterMs = 3_600_000;

/**
 * Removes copies of backups that were never taken away, and what was to be restored: of a command or a collector that ended in the middle. `now`:
 * milliseconds since 1970.
 */
export function removeLeftovers(directory: string, now: number): void {
  for (const name of readdirSync(directory)) {
    if (!isRestoring(name) && !/^backup-[0-9a-f]+\.db(?:-journal|-wal|-shm)?$/.test(name)) continue;
    const writtenAt = statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? now;
    // A time to come is of a clock that was wrong, and tells as little as one long ago.
    if (Math.abs(now - writtenAt) > leftoverAfterMs) removeOwn(join(directory, name));
  }
}

/** What root was to restore is root's: the next restoration takes it away. It is no reason not to start. */
function removeOwn(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(codeOf(error))) throw error;
  }
}

/** Flushes a file, or a directory's names, to disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Flushes the directory that holds `path`. */
export function syncNames(path: string): void {
  sync(dirname(path));
}

function contentOf(sql: Sql): BackupContent {
  const count = (table: string) => Number(sql.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  const pages = Number(sql.pragma('page_count', { simple: true })) * Number(sql.pragma('page_size', { simple: true }));
  return {
    hosts: count('host'),
    certificates: count('certificate'),
    events: count('event'),
    bytes: pages,
    backedUpAt: Number(settingTable(sql).read('backed-up-at') ?? 0),
  };
}

/** Writes reach the disk while the copying goes on: one flush of everything at its end would hold up all agents. */
function createSyncing(path: string) {
  const descriptor = openSync(path, 'r+');
  let synced = 0;
  let syncing = false;
  let closed = false;
  return {
    mayCopy(copied: number): boolean {
      if (!syncing && copied - synced >= pagesUnsynced / 2) {
        syncing = true;
        fdatasync(descriptor, () => {
          syncing = false;
          synced = copied;
          if (closed) closeSync(descriptor);
        });
      }
      return copied - synced < pagesUnsynced;
    },
    close() {
      closed = true;
      if (!syncing) closeSync(descriptor);
    },
  };
}
