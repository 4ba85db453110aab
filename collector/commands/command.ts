import { homedir } from 'node:os';
import { type Config, loadConfig } from '../config.ts';
import type { Clock } from '../ports.ts';

/** What every command takes. */
export interface CommonOptions {
  config?: string;
  data?: string;
  verbose?: boolean;
}

export interface JsonOptions extends CommonOptions {
  json?: boolean;
}

/** What a command may ask of its surroundings, and how it answers. */
export interface Console {
  /** One line to standard output. */
  print(line: string): void;
  /** One line to standard error. */
  complain(line: string): void;
  clock: Clock;
  /** Asks for a yes at a terminal. undefined: nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>;
  /** One line that nobody sees: typed at a terminal, else the first line of standard input. undefined: there is none. */
  secret(question: string): Promise<string | undefined>;
  /** Resolves when the process is asked to end (SIGTERM, SIGINT). */
  ended(): Promise<void>;
}

/** As sysexits.h numbers them, where it does. */
export const exitCodes = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

/** --config and --data as they were given, for a command that is to be typed with the same. */
export function placesOf({ config, data }: CommonOptions): string[] {
  return [...(config === undefined ? [] : ['--config', config]), ...(data === undefined ? [] : ['--data', data])];
}

/** A user of no account (DynamicUser=, a container's own uid) has no home, and needs none where the data directory is named. */
export function homeHere(): string {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}

/** The config, or undefined after each mistake was printed on a line of its own. */
export function configFor(options: CommonOptions, console: Console): Config | undefined {
  const surroundings = { env: process.env, home: homeHere(), isRoot: process.getuid?.() === 0 };
  const loaded = loadConfig({ file: options.config, dataDirectory: options.data }, surroundings);
  if (loaded.ok) return loaded.value;
  for (const mistake of loaded.failure) console.complain(mistake);
  return undefined;
}
