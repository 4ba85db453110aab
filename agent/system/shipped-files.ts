import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getAsset, isSea } from 'node:sea';

/**
 * The text of a file that comes with the program, by its path in the repository ('deploy/systemd/certherd-agent.service'):
 * out of the single binary, or from the clone that this runs from. Throws where there is none: the list is the program's own.
 */
export function shippedFile(path: string): string {
  return isSea() ? getAsset(path, 'utf8') : readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
}
