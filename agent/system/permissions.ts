import { closeSync, fstatSync, openSync } from 'node:fs';
import { failed, success } from '@certherd/protocol/failure';
import type { Permissions } from '../ports.ts';

/** O_PATH of Linux: a descriptor that cannot be read, and that needs no right to read, nor waits for a FIFO's writer. */
const pathOnly = 0o10000000;

/** The machine's own permissions: fstat of what the path leads to, without a right to its content. */
export function systemPermissions(): Permissions {
  return {
    of(path) {
      try {
        const descriptor = openSync(path, pathOnly);
        try {
          const status = fstatSync(descriptor);
          return success({ mode: status.mode & 0o7777, uid: status.uid, gid: status.gid });
        } finally {
          closeSync(descriptor);
        }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        const reason = code === 'EACCES' || code === 'EPERM' ? 'permission-denied' : 'not-found';
        return failed(reason, `the permissions of ${path} cannot be read (${code})`);
      }
    },
  };
}
