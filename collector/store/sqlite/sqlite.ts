import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import type { Result } from '@certherd/protocol/failure';
import Database from 'better-sqlite3';
import { messageOf } from '../../failure.ts';

/**
 * What runs often has `+?` where a value is compared by `=` with a column that is not unique, or is a LIMIT: a plain `?` there has SQLite compile the statement
 * anew for each other value, since it plans for a small number otherwise (sqlite3ExprIsInteger), which takes two to five times what running it does.
 */
export type Sql = Database.Database;

/** Opens a database file. Throws as better-sqlite3 does. */
export type OpenSqlite = (path: string | Buffer, options?: Pick<Database.Options, 'readonly'>) => Sql;

/** SQLite as npm installed it. */
export const installedSqlite: OpenSqlite = (path, options) => sortingInMemory(new Database(path, options));

/** The key of better-sqlite3's native module in a binary. */
const assetKey = 'better-sqlite3.node';

/**
 * SQLite for a process: once for each, since two copies in one process would not see each other's file locks. The single binary
 * holds it as a native module, which the system loads only from a file: that is in the temporary directory for a moment, or in
 * `directory` where no program may be run from there.
 */
export function sqliteFor(directory: string): Result<OpenSqlite, string> {
  if (!isSea()) return { ok: true, value: installedSqlite };
  const failures: string[] = [];
  for (const place of [tmpdir(), directory])
    try {
      const nativeBinding = loadedFrom(place);
      // Its types know of a path only; it takes the loaded module too, since version 13.
      return {
        ok: true,
        value: (path, options) => sortingInMemory(Reflect.construct(Database, [path, { ...options, nativeBinding }])),
      };
    } catch (error) {
      failures.push(messageOf(error));
    }
  return { ok: false, failure: `SQLite cannot be loaded (${failures.join('; ')}): ${remedyOf(failures)}` };
}

/** Large sorts and the making of an index take temporary files otherwise, for which a closed container has no place. */
function sortingInMemory(sql: Sql): Sql {
  sql.pragma('temp_store = MEMORY');
  return sql;
}

function remedyOf(failures: readonly string[]): string {
  return failures.some((failure) => failure.includes('GLIBC'))
    ? 'the collector needs glibc 2.34 or newer (Debian 12, Ubuntu 22.04, RHEL 9)'
    : 'let TMPDIR name a directory that is writable and not mounted noexec';
}

/** Nobody else may look into the file's directory, and both are gone once it is loaded. */
function loadedFrom(place: string): object {
  const folder = mkdtempSync(join(place, 'certherd-sqlite-'));
  try {
    const file = join(folder, assetKey);
    writeFileSync(file, new Uint8Array(getRawAsset(assetKey)), { mode: 0o600 });
    const loaded = { exports: {} };
    process.dlopen(loaded, file);
    return loaded.exports;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
