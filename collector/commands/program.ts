import type { Program } from '@certherd/command-line/command';
import { runCommandLine } from '@certherd/command-line/program';
import { collectorVersion } from '../version.ts';
import { type Console, exitCodes } from './command.ts';
import type { CommandEntry } from './command-entry.ts';
import { commandGroups, commandTable, optionsOf, programName, programSummary } from './command-table.ts';

/** The collector as a program: its name, its commands and their options. */
export const collectorProgram: Program<CommandEntry> = {
  name: programName,
  summary: programSummary,
  commands: commandTable,
  groups: commandGroups,
  optionsOf,
};

/** argv to a command and its exit code. */
export async function runProgram(argv: readonly string[], console: Console): Promise<number> {
  let code: number = exitCodes.ok;
  const version = `${programName} ${collectorVersion}`;
  const said = await runCommandLine(collectorProgram, version, argv, async (entry, args, options) => {
    code = await entry.run(args, options, console);
  });
  return said === 'wrong' ? exitCodes.usage : code;
}
