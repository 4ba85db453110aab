import fs from 'node:fs';
import path from 'node:path';
import { type Result, failed, success } from '@certherd/protocol/failure';
import type { State } from '../ports.ts';

/** The state directory as plain files: written beside, synced, renamed into place, and the directory synced. */
export function systemState(directory: string): State {
  const ensure = () => fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    read: (name) =>
      attempt(() => {
        const file = path.join(directory, name);
        return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
      }),
    write: (name, text) =>
      attempt(() => {
        ensure();
        const target = path.join(directory, name);
        const beside = `${target}.${process.pid}.new`;
        try {
          writeSynced(beside, 'w', text);
          fs.renameSync(beside, target);
        } catch (error) {
          fs.rmSync(beside, { force: true });
          throw error;
        }
        syncDirectory(directory);
      }),
    append: (name, text) =>
      attempt(() => {
        ensure();
        writeSynced(path.join(directory, name), 'a', text);
      }),
  };
}

function writeSynced(file: string, flags: 'w' | 'a', text: string): void {
  const descriptor = fs.openSync(file, flags, 0o600);
  try {
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
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
