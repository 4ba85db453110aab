import type { ListedFacts } from '../facts.ts';
import { readListed } from '../rows/label.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `listed`. Writing is for the group commit. */
export function listedTable(sql: Sql) {
  const all = sql.prepare<[], { name: string; body: string }>('SELECT name, body FROM listed ORDER BY id');
  const clear = sql.prepare('DELETE FROM listed');
  const insert = sql.prepare('INSERT INTO listed (name, body) VALUES (?, ?)');
  return {
    all: (): ListedFacts[] => all.all().map(readListed),
    replace(rows: readonly ListedFacts[]): void {
      clear.run();
      for (const { name, ...rest } of rows) insert.run(name, JSON.stringify(rest));
    },
  };
}
