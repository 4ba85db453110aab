import { Buffer } from 'node:buffer';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type { Proc } from '../ports.ts';

/** The kernel's own view of this host's processes. What is gone, or may not be seen, is undefined. */
export function systemProc(): Proc {
  return {
    list: (path) => quietly(() => readdirSync(path)),
    read: (path) => quietly(() => readFileSync(path, 'utf8')),
    readUntil: (path, isEnough) => quietly(() => beginning(path, isEnough)),
    readlink: (path) => quietly(() => readlinkSync(path)),
  };
}

function beginning(path: string, isEnough: (text: string) => boolean): string {
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(16 * 1024);
    let text = '';
    for (let length = -1; length !== 0 && !isEnough(text); ) {
      length = readSync(descriptor, chunk, 0, chunk.length, null);
      text += chunk.toString('latin1', 0, length);
    }
    return text;
  } finally {
    closeSync(descriptor);
  }
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
