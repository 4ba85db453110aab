import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory (0700) and those above it. mkdirSync's own `recursive` never returns below /proc, where a directory that is
 * not there cannot be made and its parent is there: here that throws, as every other failure does.
 */
export function makeDirectory(directory: string): void {
  if (isDirectory(directory)) return;
  const parent = path.dirname(directory);
  try {
    make(directory);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || parent === directory) throw error;
    makeDirectory(parent);
    make(directory);
  }
}

function make(directory: string): void {
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isDirectory(directory)) throw error;
  }
}

function isDirectory(directory: string): boolean {
  return fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
}
