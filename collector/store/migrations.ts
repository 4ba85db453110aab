import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { getAsset, getAssetKeys, isSea } from 'node:sea';

/** One step of the database's schema; with SQLite `number` becomes PRAGMA user_version. */
export interface Migration {
  number: number;
  sql: string;
}

/** collector/store/ENGINE/migrations/NNNN-title.sql in order: of the single binary, or of the clone that this runs from. */
export function readMigrations(engine: 'sqlite' | 'postgres' = 'sqlite'): Migration[] {
  const folder = join(import.meta.dirname ?? '', engine, 'migrations');
  const paths = isSea()
    ? getAssetKeys().filter((key) => key.startsWith(`collector/store/${engine}/migrations/`))
    : readdirSync(folder).map((name) => join(folder, name));
  return paths
    .filter((path) => path.endsWith('.sql'))
    .sort()
    .map((path) => ({
      number: Number(basename(path).slice(0, 4)),
      sql: isSea() ? getAsset(path, 'utf8') : readFileSync(path, 'utf8'),
    }));
}
