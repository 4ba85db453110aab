import type { CommandEntry as Entry, OptionEntry, Options } from '@certherd/command-line/command';
import type { Context } from './context.ts';

export type { OptionEntry, Options } from '@certherd/command-line/command';

type Code = Promise<number> | number;

/** One of the agent's commands. */
export interface CommandEntry extends Entry<Run> {
  /** Exit code for wrong usage, and for wrong settings. */
  wrong: { usage: number; settings: number };
}

/** `settled` commands are given the settings and the machine; `free` ones look only at what they are given. */
type Run =
  | { settled: (context: Context, args: string[], options: Options) => Code }
  | { free: (args: string[], options: Options) => Code };

/** The options of this command, in the order in which they are told: --verbose, and --config where there are settings, with its own. */
export function optionsOf(command: CommandEntry): OptionEntry[] {
  return [...command.options, ...('settled' in command.run ? [configOption] : []), verboseOption];
}

/** Also for a command that goes on where the settings are wrong. */
export const configOption: OptionEntry = {
  flag: '--config',
  value: 'FILE',
  values: 'file',
  summary: 'settings and local policy (default: /etc/certherd/agent.toml)',
};

const verboseOption: OptionEntry = { flag: '--verbose', summary: 'show stack traces' };
