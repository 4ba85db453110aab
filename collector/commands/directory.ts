import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { codeOf, startFailure } from '../failure.ts';
import type { NotKept } from '../receive/records.ts';

/** Asking must not make an empty database, and a closed directory is not an empty one: rejects with what to do. */
export function requireData(directory: string): void {
  try {
    statSync(join(directory, 'certherd.db'));
  } catch (error) {
    const code = codeOf(error);
    const why =
      code === 'ENOENT'
        ? "no collector's data here: give --data, or start certherd-collector serve"
        : `cannot be read (${code}): run this as the collector's own user, or give --data`;
    throw startFailure(`${directory}: ${why}`);
  }
}

/** Nothing was kept: one line that says what to do. */
export function notWritten({ dataDirectory, store }: Config, { reason, detail }: NotKept): Error {
  if (store === undefined) return startFailure(`${dataDirectory}: nothing can be written (${reason}): free some space`);
  return startFailure(`PostgreSQL: nothing can be written (${detail}): certherd-collector doctor says why`);
}

/** A backup is a file of SQLite's: where another server keeps the database, that one's own tools are the way. */
export function requireFile({ store }: Config, instead: string): void {
  if (store !== undefined)
    throw startFailure(`the database is PostgreSQL, which has its own tools for this: ${instead}`);
}

/** "12.3 MB", in steps of 1000. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
