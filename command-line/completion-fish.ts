import { type CommandEntry, firstWords, groupsOf, lastWord, type Program, type Values } from './command.ts';
import { quoted, renewalDirectory, wordsFor } from './completion-words.ts';

/** Completions for fish: one `complete` a line. */
export function fishCompletion<Entry extends CommandEntry>(program: Program<Entry>): string {
  const { name, commands } = program;
  const groups = groupsOf(commands);
  const first = 'not __fish_seen_subcommand_from $certherd_commands';
  const inGroup = (group: string, members: readonly Entry[]) =>
    `__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${members.map(lastWord).join(' ')}`;
  return [
    `# Completions of ${name} for fish; made by: ${name} completion fish`,
    `set -l certherd_commands ${firstWords(commands).join(' ')}`,
    `complete -c ${name} -f`,
    `complete -c ${name} -n "${first}" -l help -d 'show help'`,
    `complete -c ${name} -n "${first}" -l version -d 'print the version'`,
    ...[...groups].map(
      ([group, members]) =>
        `complete -c ${name} -n "${first}" -a ${group} -d ${quoted(members.map(lastWord).join(', '))}`,
    ),
    ...[...groups].flatMap(([group, members]) =>
      members.map(
        (entry) =>
          `complete -c ${name} -n '${inGroup(group, members)}' -a ${lastWord(entry)} -d ${quoted(entry.summary)}`,
      ),
    ),
    ...commands.flatMap((entry) => [
      ...(entry.name.includes(' ')
        ? []
        : [`complete -c ${name} -n "${first}" -a ${entry.name} -d ${quoted(entry.summary)}`]),
      ...linesOf(program, entry),
    ]),
  ].join('\n');
}

function linesOf<Entry extends CommandEntry>({ name, optionsOf }: Program<Entry>, entry: Entry): string[] {
  const seen = entry.name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
  const head = `complete -c ${name} -n '${seen.join('; and ')}'`;
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
