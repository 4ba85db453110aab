import { randomBytes } from 'node:crypto';
import { codeOf } from '../../failure.ts';
import type { SettingName } from '../sqlite/settings.ts';
import type { Queries } from './database.ts';

export async function readSetting(queries: Queries, name: SettingName): Promise<string | undefined> {
  return (await queries.one<{ value: string }>('SELECT value FROM setting WHERE name = $1', [name]))?.value;
}

export async function keepSetting(tx: Queries, name: SettingName, value: string): Promise<void> {
  await tx.all(
    'INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  );
}

/** Made once for the whole fleet. */
export async function collectorIdOf(database: Queries): Promise<string> {
  for (;;) {
    const known = await readSetting(database, 'collector-id');
    if (known !== undefined) return known;
    const fresh = randomBytes(16).toString('base64url');
    try {
      await database.all(`INSERT INTO setting (name, value) VALUES ('collector-id', $1)`, [fresh]);
    } catch (error) {
      if (codeOf(error) !== '23505') throw error;
    }
  }
}
