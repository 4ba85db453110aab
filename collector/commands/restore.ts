import { resolve } from 'node:path';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { startFailure } from '../failure.ts';
import { lockDirectory, prepareDirectory } from '../store/directory.ts';
import { restoreBackup } from '../store/sqlite/restore.ts';
import { sqliteFor } from '../store/sqlite/sqlite.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { megabytes, requireFile } from './directory.ts';

/** `restore FILE`: a backup takes the database's place, which is kept beside; while a collector serves it refuses. */
export function restore(file: string, options: JsonOptions, console: Console): number {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  requireFile(config, 'stop every collector, then pg_restore --clean --if-exists --dbname=certherd FILE');
  const directory = prepareDirectory(config.dataDirectory);
  if (!directory.ok) throw startFailure(directory.failure);
  const sqlite = sqliteFor(directory.value);
  if (!sqlite.ok) throw startFailure(sqlite.failure);
  const locked = lockDirectory(directory.value, sqlite.value);
  if (!locked.ok) throw startFailure(locked.failure);
  try {
    const restored = restoreBackup(directory.value, resolve(file), console.clock.now(), sqlite.value);
    if (!restored.ok) throw startFailure(printable(restored.failure));
    const { content, keptAs } = restored.value;
    const { hosts, certificates, events, bytes } = content;
    const backedUpAt = new Date(content.backedUpAt).toISOString();
    if (options.json) {
      const kept = keptAs === undefined ? {} : { keptAs };
      console.print(jsonLine({ version: 1, backedUpAt, hosts, certificates, events, bytes, ...kept }));
      return exitCodes.ok;
    }
    console.print(
      `Restored: ${hosts} host(s), ${certificates} certificate(s), ${events} event(s) as of ${backedUpAt}; ${megabytes(bytes)}, checked`,
    );
    if (keptAs !== undefined) console.print(`The database of before is kept: ${keptAs}`);
    console.complain(
      'Hosts that were enrolled since then must be enrolled again. Join strings of before are good no more.',
    );
    console.complain('Next: start the collector. Every agent sends all it sees; what is missing is shown as a gap.');
    return exitCodes.ok;
  } finally {
    locked.value();
  }
}
