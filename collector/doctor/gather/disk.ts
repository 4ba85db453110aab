import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../failure.ts';

export interface DataFacts {
  directory: string;
  /** Undefined: it is not there. A code of errno: it cannot be told. */
  found: { uid: number; mode: number } | string | undefined;
  /** Why this process may not write in it, or make it, as a code of errno. */
  unwritable?: string;
  freeBytes?: number;
  freeFiles?: number;
  ownUid: number;
  /** User of the serving process. */
  servingUid?: number;
}

export function observeData(directory: string, ownUid: number, servingPid: number | undefined): DataFacts {
  const found = statusOf(directory);
  const place = found === undefined ? nearest(directory) : directory;
  const unwritable = codeFrom(() => accessSync(place, constants.W_OK));
  const serving = servingPid === undefined ? undefined : statusOf(`/proc/${servingPid}`);
  return {
    directory,
    found,
    ...(unwritable !== undefined && { unwritable }),
    ...roomOf(place),
    ownUid,
    ...(typeof serving === 'object' && { servingUid: serving.uid }),
  };
}

function statusOf(path: string): DataFacts['found'] {
  try {
    const { uid, mode } = statSync(path);
    return { uid, mode: mode & 0o7777 };
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' ? undefined : code;
  }
}

/** The lowest directory above it that is there. */
function nearest(directory: string): string {
  let at = directory;
  while (at !== dirname(at) && statusOf(at) === undefined) at = dirname(at);
  return at;
}

function roomOf(place: string): Pick<DataFacts, 'freeBytes' | 'freeFiles'> {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(place);
    return { freeBytes: bavail * bsize, ...(files > 0 && { freeFiles: ffree }) };
  } catch {
    return {};
  }
}

function codeFrom(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return codeOf(error) || 'unknown';
  }
}
