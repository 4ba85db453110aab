import { statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, startFailure } from '../failure.ts';

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

/** "12.3 MB", in steps of 1000. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
