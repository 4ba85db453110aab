import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type { Proc } from '../observe/nginx-process.ts';
import type { LogEnds } from '../observe/nginx-running.ts';

/** The kernel's own view of this host's processes. What is gone, or may not be seen, is undefined. */
export function systemProc(): Proc {
  return {
    list: (path) => quietly(() => readdirSync(path)),
    read: (path) => quietly(() => readFileSync(path, 'utf8')),
    readlink: (path) => quietly(() => readlinkSync(path)),
  };
}

/** Ends of regular files; a FIFO or a device is no log that could be read. */
export function systemLogEnds(): LogEnds {
  return {
    read: (path, bytes) =>
      quietly(() => {
        const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
        try {
          const status = fstatSync(descriptor);
          if (!status.isFile()) return undefined;
          const from = Math.max(0, status.size - bytes);
          const buffer = Buffer.allocUnsafe(status.size - from);
          const length = readSync(descriptor, buffer, 0, buffer.length, from);
          return { text: buffer.toString('utf8', 0, length), modifiedAt: status.mtimeMs };
        } finally {
          closeSync(descriptor);
        }
      }),
  };
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
