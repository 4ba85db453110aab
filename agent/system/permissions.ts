import { statSync } from 'node:fs';
import { failed, success } from '@certherd/protocol/failure';
import type { Permissions } from '../ports.ts';

/** The machine's own permissions: stat(2) of what the path leads to, without a right to its content. */
export function systemPermissions(): Permissions {
  return {
    of(path) {
      try {
        const { mode, uid, gid } = statSync(path);
        return success({ mode: mode & 0o7777, uid, gid });
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        const reason = code === 'EACCES' || code === 'EPERM' ? 'permission-denied' : 'not-found';
        return failed(reason, `the permissions of ${path} cannot be read (${code})`);
      }
    },
  };
}
