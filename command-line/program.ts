import { Command, CommanderError } from 'commander';
import { type CommandEntry, firstWords, groupsOf, lastWord, type Options, type Program } from './command.ts';

/**
 * Runs the command that argv (without the program itself) means: 'ran'. 'told': help or `version` was printed; 'wrong': it was told how the
 * usage is wrong. What a command throws is passed on.
 */
export async function runCommandLine<Entry extends CommandEntry>(
  program: Program<Entry>,
  version: string,
  argv: readonly string[],
  run: (entry: Entry, args: string[], options: Options) => unknown,
): Promise<'ran' | 'told' | 'wrong'> {
  try {
    await commandLine(onlyAsked(program, argv), version, run).parseAsync(argv, { from: 'user' });
    return 'ran';
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 'told' : 'wrong';
    throw error;
  }
}

/** A command that stands first by its whole name needs none of the others: each costs every start a little. */
function onlyAsked<Entry extends CommandEntry>(program: Program<Entry>, [first]: readonly string[]): Program<Entry> {
  const asked = program.commands.filter(({ name }) => name === first);
  return asked.length > 0 ? { ...program, commands: asked } : program;
}

function commandLine<Entry extends CommandEntry>(
  program: Program<Entry>,
  version: string,
  run: (entry: Entry, args: string[], options: Options) => unknown,
): Command {
  const top = new Command(program.name)
    .description(program.summary)
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .showHelpAfterError(`(${program.name} --help lists the commands)`)
    .addHelpText('after', `\nEach command has examples: ${program.name} ${program.commands[0]?.name} --help`)
    .exitOverride();
  const groups = groupsOf(program.commands);
  for (const word of firstWords(program.commands)) {
    const members = groups.get(word);
    const parent = members ? grouped(top, program, word, members) : top;
    const entries = members ?? program.commands.filter(({ name }) => name === word);
    for (const entry of entries) added(parent, program, entry, run);
  }
  return top;
}

/** Commands that share their first word. */
function grouped<Entry extends CommandEntry>(
  top: Command,
  { name, groups }: Program<Entry>,
  word: string,
  members: readonly Entry[],
): Command {
  const words = members.map(lastWord).join(', ');
  return top
    .command(word)
    .description(groups?.[word] === undefined ? words : `${groups[word]}: ${words}`)
    .showHelpAfterError(
      `(it is ${name} ${word} ${members.length === 1 ? words : 'COMMAND'}, and options behind: ${name} ${word} --help)`,
    );
}

function added<Entry extends CommandEntry>(
  parent: Command,
  program: Program<Entry>,
  entry: Entry,
  run: (entry: Entry, args: string[], options: Options) => unknown,
): void {
  const { summary, details } = entry;
  const command = parent
    .command(lastWord(entry))
    .description(details === undefined ? summary : `${summary}\n\n${details}`);
  for (const { name, count } of entry.arguments ?? []) {
    const many = count === 'many' || count === 'any' ? `${name}...` : name;
    command.argument(count === 'optional' || count === 'any' ? `[${many}]` : `<${many}>`);
  }
  for (const { flag, value, summary: words } of program.optionsOf(entry))
    command.option(value === undefined ? flag : `${flag} <${value.toLowerCase()}>`, words);
  command
    .summary(summary)
    .showHelpAfterError(`(${program.name} ${entry.name} --help tells its options)`)
    .addHelpText('after', `\nExamples:\n${examplesOf(program.name, entry)}\n\nExit codes:\n${exitsOf(entry)}`)
    .action(async () => {
      await run(entry, command.args, command.opts<Options>());
    });
}

function examplesOf(program: string, { examples }: CommandEntry): string {
  return examples.map(({ command, what }) => `  ${program} ${command}\n      ${what}`).join('\n');
}

function exitsOf({ exits }: CommandEntry): string {
  return exits.map(({ code, what }) => `  ${String(code).padEnd(4)}${what}`).join('\n');
}
