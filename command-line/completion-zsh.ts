import {
  type ArgumentEntry,
  type CommandEntry,
  groupsOf,
  lastWord,
  type OptionEntry,
  type Program,
  type Values,
} from './command.ts';
import { quoted, renewalDirectory, wordsFor } from './completion-words.ts';

/** A completion function for zsh (zshcompsys(1)): `#compdef` makes it work from any directory of $fpath. */
export function zshCompletion<Entry extends CommandEntry>(program: Program<Entry>): string {
  const { name: called, commands } = program;
  const name = `_${called}`;
  const groups = groupsOf(commands);
  const single = commands.filter((entry) => !entry.name.includes(' '));
  const summaries = [
    ...single.map(summaryOf),
    ...[...groups].map(([group, members]) => quoted(`${group}:${members.map(lastWord).join(' ')}`)),
  ];
  return `#compdef ${called}
# Completions of ${called} for zsh; made by: ${called} completion zsh
${name}() {
  local -a commands lineages
  local state line
  commands=(
${summaries.map((summary) => `    ${summary}`).join('\n')}
  )
  _arguments -C '--help[show help]' '--version[print the version]' '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${single.map((entry) => `        ${entry.name}) ${argumentsOf(program, entry)} ;;`).join('\n')}
${[...groups].map(([group, members]) => groupCase(program, group, members)).join('')}      esac ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${called}; fi`;
}

/** A group's own words, and behind each the options of that command. */
function groupCase<Entry extends CommandEntry>(program: Program<Entry>, group: string, members: Entry[]): string {
  return `        ${group})
          commands=(${members.map(summaryOf).join(' ')})
          _arguments -C '--help[show help]' '1: :->command' '*:: :->arguments'
          case $state in
            command) _describe command commands ;;
            arguments)
              case $words[1] in
${members.map((entry) => `                ${lastWord(entry)}) ${argumentsOf(program, entry)} ;;`).join('\n')}
              esac ;;
          esac ;;
`;
}

function summaryOf(entry: CommandEntry): string {
  return quoted(`${lastWord(entry)}:${plain(entry.summary)}`);
}

function argumentsOf<Entry extends CommandEntry>({ optionsOf }: Program<Entry>, entry: Entry): string {
  const specs = [
    ...optionsOf(entry).map(optionSpec),
    `'--help[show help]'`,
    ...(entry.arguments ?? []).map(argumentSpec),
  ];
  const lineages = (entry.arguments ?? []).some(({ values }) => values === 'lineage')
    ? `lineages=(${renewalDirectory}/*.conf(N:t:r)); `
    : '';
  return `${lineages}_arguments ${specs.join(' ')}`;
}

function optionSpec({ flag, value, values, summary }: OptionEntry): string {
  const taken = value === undefined ? '' : `:${value}:${actionFor(values ?? 'text')}`;
  return quoted(`${flag}[${plain(summary)}]${taken}`);
}

function argumentSpec({ name, values, count }: ArgumentEntry): string {
  return quoted(
    `${count === 'many' || count === 'any' ? '*' : count === 'optional' ? ':' : ''}:${name}:${actionFor(values)}`,
  );
}

function actionFor(values: Values): string {
  const known = wordsFor(values);
  if (known) return `(${known.join(' ')})`;
  if (values === 'lineage') return '($lineages)';
  if (values === 'text') return ' ';
  return values === 'directory' ? '_files -/' : '_files';
}

/** Without what ends a description in _arguments. */
function plain(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, (character) => (character === ':' ? ',' : ''));
}
