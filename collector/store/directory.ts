import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import Database from 'better-sqlite3';
import { codeOf, messageOf } from '../failure.ts';
import type { OpenSqlite, Sql } from './sqlite/sqlite.ts';

/** Of a collector's own directory, whichever database it has. */
const ours: ReadonlySet<string> = new Set(['certherd.db', 'serve.lock']);

/**
 * Makes the data directory, 0700. One that is there is closed to others if it is ours or empty; if it holds something
 * else it is left alone: /tmp or /etc would be of no use to anybody afterwards. The failure says what to do.
 */
export function prepareDirectory(path: string): Result<string, string> {
  try {
    makeDirectories(path);
    if ((statSync(path).mode & 0o077) !== 0) {
      const names = readdirSync(path);
      if (names.length > 0 && !names.some((name) => ours.has(name)))
        return { ok: false, failure: `${path}: open to others and not empty: choose another directory with --data` };
      chmodSync(path, 0o700);
    }
    return { ok: true, value: path };
  } catch (error) {
    const code = codeOf(error) || messageOf(error);
    const what = code === 'EPERM' || code === 'EACCES' ? `${code}: it, or one above it, is another user's` : code;
    return { ok: false, failure: `${path}: cannot be used as data directory (${what}): choose another with --data` };
  }
}

/**
 * Takes the directory for one serving process. The lock is SQLite's own exclusive file lock on an empty
 * database: the kernel drops it when the process ends in whatever way, so that it is never stale.
 */
export function lockDirectory(path: string, open: OpenSqlite): Result<() => void, string> {
  const holder = join(path, 'serve.pid');
  const file = join(path, 'serve.lock');
  let lock: Sql | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    const opened = open(file);
    lock = opened;
    opened.pragma('busy_timeout = 0');
    opened.exec('BEGIN EXCLUSIVE');
    writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 });
    return { ok: true, value: () => opened.close() };
  } catch (error) {
    lock?.close();
    const isHeld = error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY';
    return {
      ok: false,
      failure: isHeld
        ? `${path}: already served by another certherd-collector${processOf(holder)}: stop it, or choose another directory with --data`
        : `${file}: cannot be locked (${messageOf(error)}): check the disk and the owner, or remove this file`,
    };
  }
}

/** The process that serves this directory now; reads only. 'unknown': somebody does, or it cannot be told who. */
export function servedBy(path: string, open: OpenSqlite): number | 'nobody' | 'unknown' {
  const file = join(path, 'serve.lock');
  let lock: Sql | undefined;
  try {
    statSync(file);
    lock = open(file, { readonly: true });
    lock.pragma('busy_timeout = 0');
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
    return 'nobody';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'nobody';
    if (!(error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY')) return 'unknown';
    const pid = Number(readPid(join(path, 'serve.pid')));
    return Number.isInteger(pid) && pid > 0 ? pid : 'unknown';
  } finally {
    lock?.close();
  }
}

function readPid(holder: string): string {
  try {
    return readFileSync(holder, 'utf8');
  } catch {
    return '';
  }
}

function processOf(holder: string): string {
  try {
    return ` (process ${Number(readFileSync(holder, 'utf8'))})`;
  } catch {
    return '';
  }
}

/** One level at a time: below /proc, where the kernel answers ENOENT for ever, mkdir's own recursion never returns. */
function makeDirectories(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) makeUnlessThere(directory);
}

/** Two commands may make the same one at the same time. */
function makeUnlessThere(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
