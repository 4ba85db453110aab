import { closeSync, fsyncSync, openSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FailureReason, failed, success } from '@certherd/protocol/failure';
import type { Links } from '../ports.ts';
import { pathBytes } from './path-bytes.ts';

const reasons: Readonly<Record<string, FailureReason>> = {
  ENOENT: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
};

/** A new link is made beside the old one and renamed over it (rename(2) is atomic), and the directory is brought to disk. */
export function systemLinks(): Links {
  return {
    replace(path, target) {
      const beside = `${path}.certherd`;
      try {
        // left by a process that was killed here
        rmSync(pathBytes(beside), { force: true });
        symlinkSync(pathBytes(target), pathBytes(beside));
        renameSync(pathBytes(beside), pathBytes(path));
        synced(dirname(path));
        return success(undefined);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        return failed(reasons[code] ?? 'io-error', `${path} cannot be linked to ${target}: ${code || String(error)}`);
      }
    },
    setAside(path) {
      try {
        renameSync(pathBytes(path), pathBytes(`${path}.incomplete`));
        synced(dirname(path));
        return success(undefined);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        return failed(reasons[code] ?? 'io-error', `${path} cannot be renamed: ${code || String(error)}`);
      }
    },
  };
}

function synced(directory: string): void {
  const descriptor = openSync(pathBytes(directory), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
