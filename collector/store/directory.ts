import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import Database from 'better-sqlite3';
import { codeOf, messageOf } from '../failure.ts';

/** Makes the data directory, 0700. The failure is one line that says what to do. */
export function prepareDirectory(path: string): Result<string, string> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    return { ok: true, value: path };
  } catch (error) {
    const code = codeOf(error) || messageOf(error);
    return { ok: false, failure: `${path}: cannot be used as data directory (${code}): choose another with --data` };
  }
}

/**
 * Takes the directory for one serving process. The lock is SQLite's own exclusive file lock on an empty
 * database: the kernel drops it when the process ends in whatever way, so that it is never stale.
 */
export function lockDirectory(path: string): Result<() => void, string> {
  const holder = join(path, 'serve.pid');
  const file = join(path, 'serve.lock');
  closeSync(openSync(file, 'a', 0o600));
  const lock = new Database(file);
  try {
    lock.pragma('busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
    return {
      ok: false,
      failure: `${path}: already served by another certherd-collector${processOf(holder)}: stop it, or choose another directory with --data`,
    };
  }
  writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 });
  return { ok: true, value: () => lock.close() };
}

function processOf(holder: string): string {
  try {
    return ` (process ${Number(readFileSync(holder, 'utf8'))})`;
  } catch {
    return '';
  }
}
