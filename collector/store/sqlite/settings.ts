import type { Sql } from './sqlite.ts';

/** Rows of `setting`: single values of the collector itself. */
export function settingTable(sql: Sql) {
  const find = sql.prepare<[string], string>('SELECT value FROM setting WHERE name = ?').pluck();
  const keep = sql.prepare(
    'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );

  return {
    read: (name: SettingName) => find.get(name),
    keep(name: SettingName, value: string): void {
      keep.run(name, value);
    },
  };
}

export type SettingName = 'collector-id' | 'agent-address' | 'checked-at' | 'backed-up-at' | 'link-key';
