import { type CommandEntry, firstWords, groupsOf, lastWord, type Program, type Values } from './command.ts';
import { renewalDirectory, wordsFor } from './completion-words.ts';

/** A completion function for bash 4 and later; it needs no other package, and runs no program. */
export function bashCompletion<Entry extends CommandEntry>(program: Program<Entry>): string {
  const { name: called, commands, optionsOf } = program;
  const name = `_${called.replaceAll('-', '_')}`;
  const groups = groupsOf(commands);
  return `# Completions of ${called} for bash; made by: ${called} completion bash
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $command\${command:+ }$word in
      ${[...groups.keys(), ...commands.map((entry) => entry.name)].map(shellWord).join('|')}) command=$command\${command:+ }$word ;;
    esac
  done
  COMPREPLY=()
  case $command in
    '') ${words([...firstWords(commands), 'help', '--help', '--version'])}; return ;;
${[...groups].map(([group, members]) => `    ${group}) ${words([...members.map(lastWord), '--help'])}; return ;;\n`).join('')}  esac
  case $command$previous in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $command in
${commands.map((entry) => `    ${shellWord(entry.name)}) ${words([...optionsOf(entry).map(({ flag }) => flag), '--help'])} ;;`).join('\n')}
    esac
    return
  fi
  case $command in
${commands.flatMap(argumentCases).join('\n')}
  esac
}
complete -F ${name} ${called}`;

  function valueCases(entry: Entry): string[] {
    return optionsOf(entry).flatMap(({ flag, values }) =>
      values === undefined ? [] : [`    ${shellWord(`${entry.name}${flag}`)}) ${replies(values)}; return ;;`],
    );
  }
}

function argumentCases({ name, arguments: places = [] }: CommandEntry): string[] {
  const [first] = places;
  return first === undefined || first.values === 'text' ? [] : [`    ${shellWord(name)}) ${replies(first.values)} ;;`];
}

/** File names may hold spaces: one reply a line, and bash quotes what it inserts. */
function replies(values: Values): string {
  const known = wordsFor(values);
  if (known) return words(known);
  if (values === 'lineage')
    return `for word in ${renewalDirectory}/"$current"*.conf; do [[ -e $word ]] && word=\${word##*/} && COMPREPLY+=("\${word%.conf}"); done`;
  if (values === 'text') return 'COMPREPLY=()';
  return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -${values === 'directory' ? 'd' : 'f'} -- "$current")`;
}

function words(all: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${all.join(' ')}' -- "$current"))`;
}

function shellWord(text: string): string {
  return text.includes(' ') ? `'${text}'` : text;
}
