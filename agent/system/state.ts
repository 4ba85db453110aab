import fs from 'node:fs';
import path from 'node:path';
import { type Result, failed, success } from '@certherd/protocol/failure';
import type { Keeping, State } from '../ports.ts';
import { makeDirectory } from './make-directory.ts';

/** The state directory as plain files: written beside, synced, renamed into place, and the directory synced. */
export function systemState(directory: string): State & Keeping {
  const ensure = () => makeDirectory(directory);
  return {
    read: (name) => attempt(() => textOf(path.join(directory, name))),
    write: (
      name: string,
      text: string | Uint8Array,
      { lasting, inPlaceIfFull = false }: { lasting: boolean; inPlaceIfFull?: boolean } = { lasting: true },
    ) =>
      attempt(() => {
        ensure();
        const target = path.join(directory, name);
        const beside = `${target}.${process.pid}.new`;
        try {
          // Root may write in the directory of an agent that is not root: no link of that one's is followed.
          fs.rmSync(beside, { force: true });
          write(beside, 'wx', text, lasting);
          fs.renameSync(beside, target);
        } catch (error) {
          fs.rmSync(beside, { force: true });
          if (!inPlaceIfFull || !isFull(error)) throw error;
          writeOver(target, text);
        }
        if (lasting) syncDirectory(directory);
      }),
    append: (name, text) =>
      attempt(() => {
        ensure();
        write(path.join(directory, name), 'a', text, true);
      }),
  };
}

/** What is not there is undefined; what is only closed to this user is not the same. */
function textOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}

function write(file: string, flags: 'wx' | 'a', text: string | Uint8Array, lasting: boolean): void {
  const descriptor = fs.openSync(file, flags, 0o600);
  try {
    fs.writeFileSync(descriptor, text);
    if (lasting) fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** No link is followed, and no file is made. */
function writeOver(file: string, text: string | Uint8Array): void {
  const bytes = Buffer.from(text);
  const descriptor = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW);
  try {
    fs.writeSync(descriptor, bytes, 0, bytes.length, 0);
    fs.ftruncateSync(descriptor, bytes.length);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function attempt<T>(work: () => T): Result<T> {
  try {
    return success(work());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? error.code : undefined;
    return failed(code === 'EACCES' || code === 'EPERM' ? 'permission-denied' : 'io-error', error.message);
  }
}
