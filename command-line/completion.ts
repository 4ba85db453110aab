import type { CommandEntry, Program } from './command.ts';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** The completions of a program for one shell, or the line that names the shells there are some for. */
export function completionFor<Entry extends CommandEntry>(
  program: Program<Entry>,
  shell: string,
): { ok: true; value: string } | { ok: false; failure: string } {
  const make = Object.entries(shells).find(([name]) => name === shell)?.[1];
  const known = Object.keys(shells).join(', ');
  return make
    ? { ok: true, value: make(program) }
    : { ok: false, failure: `there are completions for ${known}, not for ${JSON.stringify(shell)}` };
}
