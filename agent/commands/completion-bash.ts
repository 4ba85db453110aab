import { type CommandEntry, optionsOf, type Values } from './command.ts';
import { renewalDirectory, wordsFor } from './completion-words.ts';

/** A completion function for bash 4 and later; it needs no other package, and runs no program. */
export function bashCompletion(program: string, commands: readonly CommandEntry[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return `# Completions of ${program} for bash; made by: ${program} completion bash
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${commands.map((entry) => entry.name).join('|')}) command=$word; break ;; esac
  done
  COMPREPLY=()
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W '${commands.map((entry) => entry.name).join(' ')} help --help --version' -- "$current"))
    return
  fi
  case $command$previous in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $command in
${commands.map((entry) => `    ${entry.name}) ${words([...optionsOf(entry).map(({ flag }) => flag), '--help'])} ;;`).join('\n')}
    esac
    return
  fi
  case $command in
${commands.flatMap(argumentCases).join('\n')}
  esac
}
complete -F ${name} ${program}`;
}

function valueCases(entry: CommandEntry): string[] {
  return optionsOf(entry).flatMap(({ flag, values }) =>
    values === undefined ? [] : [`    ${entry.name}${flag}) ${replies(values)}; return ;;`],
  );
}

function argumentCases({ name, arguments: places = [] }: CommandEntry): string[] {
  const [first] = places;
  return first === undefined || first.values === 'text' ? [] : [`    ${name}) ${replies(first.values)} ;;`];
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
