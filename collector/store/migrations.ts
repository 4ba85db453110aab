import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One step of the database's schema; `number` becomes PRAGMA user_version. */
export interface Migration {
  number: number;
  sql: string;
}

/** Reads store/migrations/NNNN-title.sql in order. A packaged binary gives its embedded copies instead. */
export function readMigrations(): Migration[] {
  const folder = join(import.meta.dirname, 'migrations');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), sql: readFileSync(join(folder, name), 'utf8') }));
}
