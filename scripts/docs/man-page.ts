import { type CommandEntry, type OptionEntry, type Program, usageOf } from '@certherd/command-line/command';
import { programName as agentName } from '../../agent/commands/command-table.ts';
import { agentProgram } from '../../agent/commands/program.ts';
import { agentVersion } from '../../agent/version.ts';
import { collectorProgram } from '../../collector/commands/program.ts';
import { collectorVersion } from '../../collector/version.ts';

/** What a man page says besides its program's commands. */
interface Around {
  madeFrom: string;
  version: string;
  /** Behind the summary; a sentence. */
  description: string;
  files: readonly [string, string][];
  /** Sentences, in man(7) source. */
  exits: readonly string[];
}

/** certherd-agent(1) as man(7) source, from the table that the command line is made of. */
export function agentManPage(): string {
  return manPage(agentProgram, {
    madeFrom: 'agent/commands/command-table.ts',
    version: agentVersion,
    description: 'Names what is wrong with its cause and the exact command that mends it.',
    files: [
      [
        '/etc/certherd/agent.toml',
        'Settings, and the local policy that says what the agent may do. Optional; without it nothing is ever changed.',
      ],
      [
        '/var/lib/certherd-agent',
        'Key, enrolment, outbox and memory of an agent that runs as root, or under its unit.',
      ],
    ],
    exits: [`Of ${bold('check')} it is that of a monitoring plugin: 0 fine, 1 warning, 2 critical, 3 could not tell.`],
  });
}

/** certherd-collector(1), likewise. */
export function collectorManPage(): string {
  return manPage(collectorProgram, {
    madeFrom: 'collector/commands/command-table.ts',
    version: collectorVersion,
    description: `${bold(literal(agentName))}(1) runs on each of the hosts.`,
    files: [
      ['/etc/certherd/collector.toml', 'Settings. Optional.'],
      ['/var/lib/certherd-collector', 'Database and TLS key of a collector that runs as root, or under its unit.'],
    ],
    exits: [],
  });
}

function manPage<Entry extends CommandEntry>(program: Program<Entry>, around: Around): string {
  const { name, summary, commands } = program;
  return [
    `.\\" Made from ${around.madeFrom} by: npm run docs`,
    `.TH ${name.toUpperCase()} 1 "" "Certherd ${around.version}" "User Commands"`,
    '.SH NAME',
    `${literal(name)} \\- ${text(firstLower(summary.replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    ...commands.flatMap((entry) => [`.B ${literal(name)} ${literal(entry.name)}`, synopsisOf(program, entry), '.br']),
    '.SH DESCRIPTION',
    text(summary),
    around.description,
    '.SH COMMANDS',
    ...commands.flatMap((entry) => commandSection(program, entry)),
    '.SH FILES',
    ...around.files.flatMap(([file, words]) => item(literal(file), words)),
    '.SH ENVIRONMENT',
    ...item(bold('NO_COLOR'), 'No colour, whatever the terminal can do.'),
    ...item(
      `${bold('LC_ALL')}, ${bold('LC_CTYPE')}, ${bold('LANG')}`,
      'Marks are drawn in ASCII where the first of these that is set does not name UTF-8.',
    ),
    '.SH EXIT STATUS',
    'It differs by command and is listed with each.',
    ...around.exits,
    '',
  ].join('\n');
}

function commandSection<Entry extends CommandEntry>({ name, optionsOf }: Program<Entry>, entry: Entry): string[] {
  return [
    `.SS ${literal(usageOf(entry))}`,
    `${text(entry.summary.charAt(0).toUpperCase() + entry.summary.slice(1))}.`,
    ...(entry.details === undefined ? [] : ['.PP', text(entry.details)]),
    ...optionsOf(entry).flatMap((option) => item(flagOf(option), `${text(option.summary)}.`)),
    '.PP',
    'Examples:',
    ...entry.examples.flatMap(({ command, what }) => item(literal(`${name} ${command}`), `${text(what)}.`)),
    '.PP',
    `Exit status: ${entry.exits.map(({ code, what }) => `${code} ${text(what)}`).join('; ')}.`,
  ];
}

function synopsisOf<Entry extends CommandEntry>({ optionsOf }: Program<Entry>, entry: Entry): string {
  const flags = optionsOf(entry).map((option) => `[${flagOf(option)}]`);
  return [...flags, literal(usageOf(entry).slice(entry.name.length + 1))].filter((part) => part !== '').join(' ');
}

function flagOf({ flag, value }: OptionEntry): string {
  return value === undefined ? bold(literal(flag)) : `${bold(literal(flag))} \\fI${literal(value)}\\fR`;
}

function item(term: string, words: string): string[] {
  return ['.TP', term, words];
}

function bold(words: string): string {
  return `\\fB${words}\\fR`;
}

function firstLower(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

/** To be typed as it stands: a hyphen is a minus, and quotes stay straight (groff_char(7)). */
function literal(words: string): string {
  return text(words)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}

function text(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/, '\\&');
}
