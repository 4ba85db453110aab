import { FindingCode } from '@certherd/protocol/finding';
import type { Values } from './command.ts';

/** Where certbot keeps one file for each lineage; root alone can list it on most hosts. */
export const renewalDirectory = '/etc/letsencrypt/renewal';

/** The closed list that a value comes from; undefined where the shell has to look, or nothing is known. */
export function wordsFor(values: Values): readonly string[] | undefined {
  if (values === 'code') return FindingCode.enum;
  return values === 'shell' ? ['bash', 'zsh', 'fish'] : undefined;
}

/** A word of a generated script in single quotes, for bash, zsh and fish alike. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
