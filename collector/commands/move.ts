import { join } from 'node:path';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { isPostgresUrl } from '../config.ts';
import { startFailure } from '../failure.ts';
import { lockDirectory } from '../store/directory.ts';
import { type Moved, moveToPostgres } from '../store/move/move.ts';
import { sqliteFor } from '../store/sqlite/sqlite.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { requireData } from './directory.ts';

export interface MoveOptions extends JsonOptions {
  /** Default: `store` of the settings. */
  to: string | undefined;
  passwordFile: string | undefined;
  dryRun: boolean;
}

/** `move --to URL`: everything in the data directory's database is carried over to PostgreSQL; while a collector serves it refuses. */
export async function move(options: MoveOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const url = options.to ?? config.store;
  if (url === undefined || !isPostgresUrl(url)) {
    console.complain('certherd-collector move: --to needs a database, as "postgres://certherd@db.example/certherd"');
    return exitCodes.usage;
  }
  const { dataDirectory } = config;
  requireData(dataDirectory);
  const sqlite = sqliteFor(dataDirectory);
  if (!sqlite.ok) throw startFailure(sqlite.failure);
  const passwordFile = options.passwordFile ?? config.storePasswordFile;
  const locked = options.dryRun ? undefined : lockDirectory(dataDirectory, sqlite.value);
  if (locked?.ok === false) throw startFailure(locked.failure);
  try {
    const moved = await moveToPostgres(
      join(dataDirectory, 'certherd.db'),
      sqlite.value,
      { url, passwordFile },
      { isDryRun: options.dryRun, onward: progress(console) },
    );
    if (!moved.ok) throw startFailure(printable(moved.failure));
    tell(moved.value, options, console);
    return exitCodes.ok;
  } finally {
    locked?.value();
  }
}

/** Each tenth, of what takes longer than a second. */
function progress(console: Console): (copied: number, total: number) => void {
  const startedAt = console.clock.monotonic();
  let told = 0;
  return (copied, total) => {
    const tenths = Math.floor((10 * copied) / total);
    if (tenths > told && console.clock.monotonic() - startedAt > 1_000)
      console.complain(`copied ${tenths * 10} % of ${total} rows`);
    told = Math.max(told, tenths);
  };
}

function tell({ to, rows }: Moved, { json, dryRun }: MoveOptions, console: Console): void {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  if (json) {
    console.print(jsonLine({ version: 1, to, moved: !dryRun, rows: total, tables: rows }));
    return;
  }
  const { host = 0, certificate = 0, event = 0 } = rows;
  const what = `${host} host(s), ${certificate} certificate(s), ${event} event(s), ${total} row(s) in all`;
  console.print(dryRun ? `Would move: ${what} to ${to}, which is empty` : `Moved: ${what} to ${to}, counted there`);
  if (dryRun) return;
  console.complain(
    'Next: set store in collector.toml, and start the collector with the same data directory: its TLS key stays there.',
  );
  console.complain(
    'The SQLite file is as it was. Once agents have told the new database something, it is out of date: move it away.',
  );
}
