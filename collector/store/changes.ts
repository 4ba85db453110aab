import type { Sql } from './sqlite.ts';
import type { Change } from './facts.ts';

/** Rows of `change`: append-only history. */
export function changeTable(sql: Sql) {
  const insert = sql.prepare('INSERT INTO change (at, host, kind, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)');
  const ofHost = sql.prepare<[number], Raw>(
    'SELECT at, kind, subject, before, after FROM change WHERE host = ? ORDER BY id',
  );

  return {
    add(host: number, at: number, changes: readonly Change[]): void {
      for (const { kind, subject, before, after } of changes)
        insert.run(at, host, kind, subject, before ?? null, after ?? null);
    },
    /** Oldest first. */
    ofHost(host: number): (Change & { at: number })[] {
      return ofHost.all(host).map((row) => ({
        ...row,
        before: row.before ?? undefined,
        after: row.after ?? undefined,
      }));
    },
  };
}

interface Raw {
  at: number;
  kind: Change['kind'];
  subject: string;
  before: string | null;
  after: string | null;
}
