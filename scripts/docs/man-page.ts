import { type CommandEntry, type OptionEntry, optionsOf, usageOf } from '../../agent/commands/command.ts';
import { commandTable, programSummary } from '../../agent/commands/command-table.ts';
import { programName } from '../../agent/commands/program.ts';
import { agentVersion } from '../../agent/version.ts';

/** certherd-agent(1) as man(7) source, from the table that the command line is made of. */
export function manPage(): string {
  return [
    `.\\" Made from agent/commands/command-table.ts by: npm run docs`,
    `.TH ${programName.toUpperCase()} 1 "" "Certherd ${agentVersion}" "User Commands"`,
    '.SH NAME',
    `${literal(programName)} \\- ${text(firstLower(programSummary.replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    ...commandTable.flatMap((entry) => [`.B ${literal(programName)} ${literal(entry.name)}`, synopsisOf(entry), '.br']),
    '.SH DESCRIPTION',
    text(programSummary),
    'Names what is wrong with its cause and the exact command that mends it.',
    '.SH COMMANDS',
    ...commandTable.flatMap(commandSection),
    ...files,
    '.SH ENVIRONMENT',
    ...item(bold('NO_COLOR'), 'No colour, whatever the terminal can do.'),
    ...item(
      `${bold('LC_ALL')}, ${bold('LC_CTYPE')}, ${bold('LANG')}`,
      'Marks are drawn in ASCII where the first of these that is set does not name UTF-8.',
    ),
    '.SH EXIT STATUS',
    'It differs by command and is listed with each.',
    `Of ${bold('check')} it is that of a monitoring plugin: 0 fine, 1 warning, 2 critical, 3 could not tell.`,
    '',
  ].join('\n');
}

const files = [
  '.SH FILES',
  ...item(
    literal('/etc/certherd/agent.toml'),
    'Settings, and the local policy that says what the agent may do. Optional; without it nothing is ever changed.',
  ),
  ...item(literal('/var/lib/certherd-agent'), 'Key, enrolment, outbox and memory of an agent that runs as root.'),
];

function commandSection(entry: CommandEntry): string[] {
  return [
    `.SS ${literal(usageOf(entry))}`,
    `${text(entry.summary.charAt(0).toUpperCase() + entry.summary.slice(1))}.`,
    ...(entry.details === undefined ? [] : ['.PP', text(entry.details)]),
    ...optionsOf(entry).flatMap((option) => item(flagOf(option), `${text(option.summary)}.`)),
    '.PP',
    'Examples:',
    ...entry.examples.flatMap(({ command, what }) => item(literal(`${programName} ${command}`), `${text(what)}.`)),
    '.PP',
    `Exit status: ${entry.exits.map(({ code, what }) => `${code} ${text(what)}`).join('; ')}.`,
  ];
}

function synopsisOf(entry: CommandEntry): string {
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
