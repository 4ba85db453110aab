import type { Options, Program } from '@certherd/command-line/command';
import { runCommandLine } from '@certherd/command-line/program';
import { agentVersion } from '../version.ts';
import { type CommandEntry, optionsOf } from './command.ts';
import { commandTable, programName, programSummary } from './command-table.ts';
import { exitCodes, openContext, writeError } from './context.ts';

/** The agent as a program: its name, its commands and their options. */
export const agentProgram: Program<CommandEntry> = {
  name: programName,
  summary: programSummary,
  commands: commandTable,
  optionsOf,
};

/** argv to a command and its exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const said = await runCommandLine(agentProgram, agentVersion, argv, async (entry, args, options) => {
    code = await run(entry, args, options);
  });
  return said === 'wrong' ? usageCode(argv[0]) : code;
}

/** Exit code for wrong usage, by the command that was meant. */
function usageCode(name: string | undefined): number {
  return commandTable.find((entry) => entry.name === name)?.wrong.usage ?? exitCodes.usage;
}

/** Exit code for an error that nobody foresaw. */
export function failureCode(name: string | undefined): number {
  return name === 'check' || name === 'doctor' ? usageCode(name) : exitCodes.failed;
}

function run({ run: how, wrong }: CommandEntry, args: string[], options: Options): Promise<number> | number {
  if ('free' in how) return how.free(args, options);
  const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);
  const context = openContext(text(options.config), text(options.root));
  if (context.ok) return how.settled(context.value, args, options);
  for (const line of context.failure) writeError(line);
  return wrong.settings;
}
