import type { Result } from '@certherd/protocol/failure';
import { typed } from '@certherd/command-line/words';
import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../../config.ts';
import { servedBy } from '../../store/directory.ts';
import type { OpenSqlite } from '../../store/sqlite/sqlite.ts';

/** Who serves the data directory now, and as what. */
export interface Serving {
  /** The serving process; 'unknown': one serves, or that cannot be told. */
  by: number | 'nobody' | 'unknown';
  /** "certherd-collector.service", where such a unit is installed. */
  unit?: string;
  /** How a person starts it: by its unit, else with the options that doctor was given. */
  start: string;
  ownUid: number;
  version: string;
}

const unitName = 'certherd-collector.service';
const unitDirectories = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

export function observeServing(
  { dataDirectory }: Pick<Config, 'dataDirectory'>,
  { version, options }: { version: string; options: readonly string[] },
  sqlite: Result<OpenSqlite, string>,
): Serving {
  const isUnit = unitDirectories.some((directory) => existsSync(`${directory}/${unitName}`));
  return {
    by: sqlite.ok ? servedBy(dataDirectory, sqlite.value) : 'unknown',
    ...(isUnit && { unit: unitName }),
    start: typed(isUnit ? ['systemctl', 'enable', '--now', unitName] : ['certherd-collector', 'serve', ...options]),
    ownUid: process.geteuid?.() ?? -1,
    version,
  };
}

/** What the kernel tells of a process; undefined where it does not. */
export function procText(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
