import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../failure.ts';
import type { Clock } from '../../ports.ts';

/** How long the disk takes to keep 4 KiB for sure, milliseconds; a code of errno where nothing could be written. */
export type SyncTime = { medianMs: number; worstMs: number } | string;

const times = 9;

/** Writes a file of its own into the data directory, and removes it: there is no other way to know. */
export function measureSync(directory: string, clock: Clock, ownPid: number): SyncTime {
  const path = join(directory, `doctor-${ownPid}.tmp`);
  const block = Buffer.alloc(4096);
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      const taken = Array.from({ length: times }, () => {
        const began = clock.monotonic();
        writeSync(file, block);
        fsyncSync(file);
        return clock.monotonic() - began;
      }).sort((a, b) => a - b);
      return { medianMs: taken[Math.floor(times / 2)] ?? 0, worstMs: taken.at(-1) ?? 0 };
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  } catch (error) {
    return codeOf(error) || 'unknown';
  }
}
