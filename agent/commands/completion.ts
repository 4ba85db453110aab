import { commandTable } from './command-table.ts';
import { bashCompletion } from './completion-bash.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import { exitCodes, writeError, writeLine } from './context.ts';
import { programName } from './program.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Prints the completions for one shell, made from the table of commands. */
export function completionCommand(shell: string): number {
  const make = Object.entries(shells).find(([name]) => name === shell)?.[1];
  if (!make) {
    writeError(`there are completions for ${Object.keys(shells).join(', ')}, not for ${JSON.stringify(shell)}`);
    return exitCodes.usage;
  }
  writeLine(make(programName, commandTable));
  return exitCodes.ok;
}
