import { completionFor } from '@certherd/command-line/completion';
import { type Console, exitCodes } from './command.ts';
import { collectorProgram } from './program.ts';

/** `completion`: prints the completions for one shell, made from the table of commands. */
export function printCompletion(shell: string, console: Console): number {
  const completion = completionFor(collectorProgram, shell);
  if (completion.ok) console.print(completion.value);
  else console.complain(`certherd-collector: ${completion.failure}`);
  return completion.ok ? exitCodes.ok : exitCodes.usage;
}
