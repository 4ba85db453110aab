import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** The longest path of a unix socket (unix(7): 108 bytes with its end). */
const longest = 107;

/**
 * Where the serving process listens for commands of this machine: a unix socket in the data directory, which belongs to the collector alone. A
 * path that is too long for a socket goes by an open descriptor of the directory, until `close`.
 */
export function controlPath(directory: string): { path: string; close: () => void } {
  const plain = join(directory, 'control.sock');
  if (Buffer.byteLength(plain) <= longest) return { path: plain, close: () => {} };
  const descriptor = openSync(directory, 'r');
  return { path: `/proc/self/fd/${descriptor}/control.sock`, close: () => closeSync(descriptor) };
}
