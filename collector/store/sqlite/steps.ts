import type Database from 'better-sqlite3';
import type { RawRow, Steps } from '../steps.ts';
import type { Sql } from './sqlite.ts';

/** Runs steps on this connection, without a transaction of its own. */
export function stepRunner(sql: Sql): <T>(steps: Steps<T>) => T {
  const prepared = new Map<string, Database.Statement<[object], RawRow>>();

  return (steps) => {
    let next = steps.next();
    while (!next.done) {
      const statement = prepare(next.value.sql);
      const values = Object.fromEntries(next.value.values.map((value, index) => [index + 1, value]));
      if (statement.reader) next = steps.next(statement.all(values));
      else {
        statement.run(values);
        next = steps.next([]);
      }
    }
    return next.value;
  };

  function prepare(text: string): Database.Statement<[object], RawRow> {
    const known = prepared.get(text) ?? sql.prepare<[object], RawRow>(text);
    prepared.set(text, known);
    return known;
  }
}
