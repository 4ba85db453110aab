import { type CommandEntry, optionsOf, type Values } from './command.ts';
import { quoted, renewalDirectory, wordsFor } from './completion-words.ts';

/** Completions for fish: one `complete` a line. */
export function fishCompletion(program: string, commands: readonly CommandEntry[]): string {
  const first = 'not __fish_seen_subcommand_from $certherd_commands';
  return [
    `# Completions of ${program} for fish; made by: ${program} completion fish`,
    `set -l certherd_commands ${commands.map(({ name }) => name).join(' ')}`,
    `complete -c ${program} -f`,
    `complete -c ${program} -n "${first}" -l help -d 'show help'`,
    `complete -c ${program} -n "${first}" -l version -d 'print the version'`,
    ...commands.flatMap((entry) => [
      `complete -c ${program} -n "${first}" -a ${entry.name} -d ${quoted(entry.summary)}`,
      ...linesOf(program, entry),
    ]),
  ].join('\n');
}

function linesOf(program: string, entry: CommandEntry): string[] {
  const head = `complete -c ${program} -n '__fish_seen_subcommand_from ${entry.name}'`;
  return [
    ...optionsOf(entry).map(({ flag, values, summary }) =>
      [
        head,
        `-l ${flag.slice(2)}`,
        ...(values === undefined ? [] : [`-r ${wanted(values)}`]),
        `-d ${quoted(summary)}`,
      ].join(' '),
    ),
    ...(entry.arguments ?? []).flatMap(({ values }) => (values === 'text' ? [] : [`${head} ${wanted(values)}`])),
  ];
}

function wanted(values: Values): string {
  const known = wordsFor(values);
  if (known) return `-a ${quoted(known.join(' '))}`;
  if (values === 'lineage') return `-a '(string replace -r ".*/(.*)\\\\.conf" "\\$1" ${renewalDirectory}/*.conf)'`;
  if (values === 'directory') return `-a '(__fish_complete_directories)'`;
  return values === 'file' ? '-F' : '';
}
