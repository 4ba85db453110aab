import { Command } from 'commander';
import { agentVersion } from '../version.ts';
import { type CommandEntry, optionsOf, type Options } from './command.ts';
import { commandTable, programSummary } from './command-table.ts';
import { exitCodes, openContext, writeError } from './context.ts';

export const programName = 'certherd-agent';

/** The command line of the table; `ended` is told the exit code of the command that ran. */
export function commandLine(ended: (code: Promise<number> | number) => void): Command {
  const program = new Command(programName)
    .description(programSummary)
    .version(agentVersion, '--version', 'print the version')
    .showHelpAfterError(`(${programName} --help lists the commands)`)
    .addHelpText('after', `\nEach command has examples: ${programName} check --help`)
    .exitOverride();
  for (const entry of commandTable) {
    const command = program.command(entry.name).description(descriptionOf(entry));
    for (const { name, count } of entry.arguments ?? []) {
      const many = count === 'many' ? `${name}...` : name;
      command.argument(count === 'optional' ? `[${many}]` : `<${many}>`);
    }
    for (const { flag, value, summary } of optionsOf(entry))
      command.option(value === undefined ? flag : `${flag} <${value.toLowerCase()}>`, summary);
    command
      .summary(entry.summary)
      .addHelpText('after', `\nExamples:\n${examplesOf(entry)}\n\nExit codes:\n${exitsOf(entry)}`)
      .action(() => ended(run(entry, command.args, command.opts<Options>())));
  }
  return program;
}

/** Exit code for wrong usage, by the command that was meant. */
export function usageCode(name: string | undefined): number {
  return commandTable.find((entry) => entry.name === name)?.wrong.usage ?? exitCodes.usage;
}

/** Exit code for an error that nobody foresaw. */
export function failureCode(name: string | undefined): number {
  return name === 'check' ? usageCode(name) : exitCodes.failed;
}

function run({ run: how, wrong }: CommandEntry, args: string[], options: Options): Promise<number> | number {
  if ('free' in how) return how.free(args, options);
  const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);
  const context = openContext(text(options.config), text(options.root));
  if (context.ok) return how.settled(context.value, args, options);
  for (const line of context.failure) writeError(line);
  return wrong.settings;
}

function descriptionOf({ summary, details }: CommandEntry): string {
  return details === undefined ? summary : `${summary}\n\n${details}`;
}

function examplesOf({ examples }: CommandEntry): string {
  return examples.map(({ command, what }) => `  ${programName} ${command}\n      ${what}`).join('\n');
}

function exitsOf({ exits }: CommandEntry): string {
  return exits.map(({ code, what }) => `  ${String(code).padEnd(4)}${what}`).join('\n');
}
