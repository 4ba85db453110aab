import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Proc } from '../ports.ts';

/** The kernel's own view of this host's processes. What is gone, or may not be seen, is undefined. */
export function systemProc(): Proc {
  return {
    list: (path) => quietly(() => readdirSync(path)),
    read: (path) => quietly(() => readFileSync(path, 'utf8')),
    readlink: (path) => quietly(() => readlinkSync(path)),
  };
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
