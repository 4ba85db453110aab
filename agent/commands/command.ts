import type { Context } from './context.ts';

/** What stands at a place of the command line, for completions: a name of the closed list, or what the shell can list. */
export type Values = 'code' | 'file' | 'directory' | 'lineage' | 'shell' | 'text';

export interface ArgumentEntry {
  name: string;
  values: Values;
  /** Absent: exactly one. */
  count?: 'optional' | 'many';
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

type Code = Promise<number> | number;

/** One command, for the command line itself, its --help, the completions and the man page. */
export interface CommandEntry {
  name: string;
  /** One line, without a full stop. */
  summary: string;
  /** Sentences for --help and the man page. */
  details?: string;
  arguments?: readonly ArgumentEntry[];
  /** Besides --verbose, and --config where there are settings. */
  options: readonly OptionEntry[];
  examples: readonly { command: string; what: string }[];
  exits: readonly { code: number; what: string }[];
  /** Exit code for wrong usage, and for wrong settings. */
  wrong: { usage: number; settings: number };
  /** `settled` commands are given the settings and the machine; `free` ones look only at what they are given. */
  run:
    | { settled: (context: Context, args: string[], options: Options) => Code }
    | { free: (args: string[], options: Options) => Code };
}

/** The options of this command, in the order in which they are told. */
export function optionsOf(command: CommandEntry): OptionEntry[] {
  return [...command.options, ...('settled' in command.run ? [configOption] : []), verboseOption];
}

const configOption: OptionEntry = {
  flag: '--config',
  value: 'FILE',
  values: 'file',
  summary: 'settings and local policy (default: /etc/certherd/agent.toml)',
};

const verboseOption: OptionEntry = { flag: '--verbose', summary: 'show stack traces' };

/** "inspect FILE..." */
export function usageOf({ name, arguments: places = [] }: CommandEntry): string {
  return [name, ...places.map(placeholderOf)].join(' ');
}

function placeholderOf({ name, count }: ArgumentEntry): string {
  const word = name.toUpperCase();
  if (count === 'optional') return `[${word}]`;
  return count === 'many' ? `${word}...` : word;
}
