import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../failure.ts';

const name = 'set-up-link';

/**
 * The lines that say where the first user is made. A terminal is told the link itself; where what is printed is kept, as in a journal that a whole group
 * reads, it stands in a file of the data directory, for its owner and root alone. undefined: there is a user, and no such file.
 */
export function setUpLine(link: string | undefined, { directory, isTerminal }: Place): string | undefined {
  const path = join(directory, name);
  removeSetUpLink(directory);
  if (link === undefined) return undefined;
  if (isTerminal) return `set-up: ${link} (the first user: good once, for an hour)`;
  try {
    writeFileSync(path, `${link}\n`, { mode: 0o600, flag: 'wx' });
    return `set-up: the link for the first user, good once and for an hour, is in ${path}`;
  } catch (error) {
    return `set-up: the link for the first user cannot be kept in ${path} (${codeOf(error)}): certherd-collector user add NAME --role admin`;
  }
}

interface Place {
  directory: string;
  /** Standard output goes to a person. */
  isTerminal: boolean;
}

/** What is good no more is not left about. */
export function removeSetUpLink(directory: string): void {
  rmSync(join(directory, name), { force: true });
}
