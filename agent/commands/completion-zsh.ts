import { type ArgumentEntry, type CommandEntry, type OptionEntry, optionsOf, type Values } from './command.ts';
import { quoted, renewalDirectory, wordsFor } from './completion-words.ts';

/** A completion function for zsh (zshcompsys(1)): `#compdef` makes it work from any directory of $fpath. */
export function zshCompletion(program: string, commands: readonly CommandEntry[]): string {
  const name = `_${program}`;
  return `#compdef ${program}
# Completions of ${program} for zsh; made by: ${program} completion zsh
${name}() {
  local -a commands lineages
  local state line
  commands=(
${commands.map((entry) => `    ${quoted(`${entry.name}:${plain(entry.summary)}`)}`).join('\n')}
  )
  _arguments -C '--help[show help]' '--version[print the version]' '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${commands.map((entry) => `        ${entry.name}) ${argumentsOf(entry)} ;;`).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi`;
}

function argumentsOf(entry: CommandEntry): string {
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
  return quoted(`${count === 'many' ? '*' : count === 'optional' ? ':' : ''}:${name}:${actionFor(values)}`);
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
