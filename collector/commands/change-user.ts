import { jsonLine, printable } from '@certherd/command-line/printable';
import type { Config } from '../config.ts';
import type { AuditAction, AuditEntry } from '../store/accounts.ts';
import type { Kept } from '../store/kept.ts';
import type { Store } from '../store/store.ts';
import { byCommand } from './by-command.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './database.ts';

/** What became of it, in words; `told`: what scripts are told beside action and name. */
export type Outcome = { done: string; told?: Readonly<Record<string, unknown>> } | { undone: string };

export interface Change<T> {
  action: AuditAction;
  name: string;
  detail?: AuditEntry['detail'];
  change: (store: Store, entry: AuditEntry, config: Config) => Promise<Kept<T>>;
  outcome: (value: T, config: Config) => Outcome;
}

/** Changes one user in the database, with its entry in the audit history. */
export async function changing<T>(options: JsonOptions, console: Console, asked: Change<T>): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const { action, name, detail, change, outcome } = asked;
  try {
    const kept = await change(store, byCommand(console, action, name, detail), config);
    if (!kept.ok) throw notWritten(config, kept.failure);
    const became = outcome(kept.value, config);
    if ('undone' in became) {
      console.complain(`certherd-collector: ${printable(became.undone)}`);
      return exitCodes.failed;
    }
    console.print(options.json ? jsonLine({ version: 1, action, name, ...became.told }) : became.done);
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

export function nobody(name: string): string {
  return `${name}: no such user: certherd-collector user list`;
}
