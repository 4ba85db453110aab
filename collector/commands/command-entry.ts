import type { CommandEntry as Entry, Options } from '@certherd/command-line/command';
import { type CommonOptions, type Console, exitCodes } from './command.ts';

/** One of the collector's commands. */
export interface CommandEntry extends Entry<Run> {
  /** False: it has no settings and no data. */
  settled: boolean;
}

type Run = (args: string[], options: Options, console: Console) => Promise<number> | number;

export const usualExits = [
  { code: exitCodes.ok, what: 'done' },
  { code: exitCodes.failed, what: 'failed' },
  { code: exitCodes.usage, what: 'wrong usage' },
  { code: exitCodes.config, what: 'wrong settings' },
];

/** The options that every command takes, and --json. */
export function commonOf({ config, data, verbose, json }: Options): CommonOptions & { json: boolean } {
  return {
    ...(typeof config === 'string' && { config }),
    ...(typeof data === 'string' && { data }),
    verbose: verbose === true,
    json: json === true,
  };
}

/** The value of an option that was given one. */
export function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
