import { completionFor } from '@certherd/command-line/completion';
import { exitCodes, writeError, writeLine } from './context.ts';
import { agentProgram } from './program.ts';

/** Prints the completions for one shell, made from the table of commands. */
export function completionCommand(shell: string): number {
  const completion = completionFor(agentProgram, shell);
  if (!completion.ok) {
    writeError(completion.failure);
    return exitCodes.usage;
  }
  writeLine(completion.value);
  return exitCodes.ok;
}
