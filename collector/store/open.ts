import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { Clock, Log } from '../ports.ts';
import type { OpenFailure } from './sqlite/database.ts';
import { type OpenSqlite, sqliteFor } from './sqlite/sqlite.ts';
import { openSqliteStore } from './sqlite/store.ts';
import type { Store } from './store.ts';

/** Where the settings have everything kept. */
export type StorePlace = Pick<Config, 'dataDirectory' | 'store' | 'storePasswordFile'>;

/** Opens the store that the settings name: directory/certherd.db, unless they name another database. */
export async function openStore(
  { dataDirectory, store: url, storePasswordFile }: StorePlace,
  { clock, log }: { clock: Clock; log: Log },
  sqlite: Result<OpenSqlite, string> = sqliteFor(dataDirectory),
): Promise<Result<Store, OpenFailure>> {
  if (url === undefined) return openSqliteStore(dataDirectory, log, sqlite);
  // Its driver is loaded only where it is used.
  const { openPostgresStore } = await import('./postgres/store.ts');
  return openPostgresStore({ url, passwordFile: storePasswordFile }, { clock, log });
}
