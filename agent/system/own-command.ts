import { isSea } from 'node:sea';

/** How this program starts itself again: the single binary alone, or Node with the script of a clone. */
export function ownCommand(): [string, ...string[]] {
  const [, script] = process.argv;
  return isSea() || script === undefined ? [process.execPath] : [process.execPath, script];
}
