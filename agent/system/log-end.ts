import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FailureReason, failed, success } from '@certherd/protocol/failure';
import type { LogEnd } from '../ports.ts';

/** The last bytes of a log of any size: a regular file, opened without blocking. */
export function systemLogEnd(): LogEnd {
  return (path, atMost) => {
    try {
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      try {
        const status = fstatSync(descriptor);
        if (!status.isFile()) return failed('not-a-regular-file', `${path} is not a regular file`);
        const buffer = Buffer.allocUnsafeSlow(Math.min(status.size, atMost));
        const count = readSync(descriptor, buffer, 0, buffer.length, status.size - buffer.length);
        return success({ text: buffer.toString('utf8', 0, count), modifiedAt: status.mtimeMs });
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return failed(reasons.get(code) ?? 'io-error', `${path} cannot be read (${code})`);
    }
  };
}

const reasons: ReadonlyMap<string, FailureReason> = new Map([
  ['EACCES', 'permission-denied'],
  ['EPERM', 'permission-denied'],
  ['ENOENT', 'not-found'],
  ['ENOTDIR', 'not-found'],
]);
