/** What stands at a place of the command line, for completions: a name of the closed list, or what the shell can list. */
export type Values = 'code' | 'file' | 'directory' | 'lineage' | 'shell' | 'text';

export interface ArgumentEntry {
  name: string;
  values: Values;
  /** Absent: exactly one. */
  count?: 'optional' | 'many' | 'any';
}

export interface OptionEntry {
  /** "--json" */
  flag: string;
  /** In capitals, where the option takes a value: "FILE". */
  value?: string;
  values?: Values;
  summary: string;
}

export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** One command, for the command line itself, its --help, the completions and the man page. */
export interface CommandEntry<Run = unknown> {
  /** One word, or a group and its command: "token create". */
  name: string;
  /** One line, without a full stop. */
  summary: string;
  /** Sentences for --help and the man page. */
  details?: string;
  arguments?: readonly ArgumentEntry[];
  /** Besides those that the program's `optionsOf` adds. */
  options: readonly OptionEntry[];
  examples: readonly { command: string; what: string }[];
  exits: readonly { code: number; what: string }[];
  run: Run;
}

/** A program: what it is, and its commands in the order in which they are told. */
export interface Program<Entry extends CommandEntry = CommandEntry> {
  /** "certherd-agent" */
  name: string;
  /** One sentence. */
  summary: string;
  commands: readonly Entry[];
  /** What commands of two words are about, by the first of these. */
  groups?: Readonly<Record<string, string>>;
  /** All options of a command, in the order in which they are told. */
  optionsOf: (command: Entry) => OptionEntry[];
}

/** "inspect FILE..." */
export function usageOf({ name, arguments: places = [] }: CommandEntry): string {
  return [name, ...places.map(placeholderOf)].join(' ');
}

/** The words that may stand first: commands of one word, and the groups of the others, each once. */
export function firstWords(commands: readonly CommandEntry[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))];
}

/** The commands of each group, by its word. */
export function groupsOf<Entry extends CommandEntry>(commands: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of commands) {
    const [group = '', rest] = entry.name.split(' ');
    if (rest !== undefined) groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return groups;
}

/** "create" of "token create". */
export function lastWord({ name }: CommandEntry): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

function placeholderOf({ name, count }: ArgumentEntry): string {
  const word = name.toUpperCase();
  if (count === 'optional') return `[${word}]`;
  if (count === 'any') return `[${word}...]`;
  return count === 'many' ? `${word}...` : word;
}
