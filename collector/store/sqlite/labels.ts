import type { LabelDraft, LabelRule } from '../facts.ts';
import { type RawRule, readRule } from '../rows/label.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `label_rule`. Writing is for the group commit. */
export function labelTable(sql: Sql) {
  const all = sql.prepare<[], RawRule>('SELECT * FROM label_rule ORDER BY scope, pattern, key');
  const put = sql.prepare(
    `INSERT INTO label_rule (scope, pattern, key, value, source, set_by, set_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope, pattern, key) DO UPDATE
       SET value = excluded.value, source = excluded.source, set_by = excluded.set_by, set_at = excluded.set_at
     WHERE (value <> excluded.value OR source <> excluded.source) AND NOT (source = 'command' AND excluded.source = 'enrolment')`,
  );
  const putListed = sql.prepare(
    `INSERT INTO label_rule (scope, pattern, key, value, source, set_by, set_at) VALUES ('name', ?, ?, ?, 'list', ?, ?)
     ON CONFLICT (scope, pattern, key) DO NOTHING`,
  );
  const clearListed = sql.prepare("DELETE FROM label_rule WHERE source = 'list'");
  const remove = sql.prepare('DELETE FROM label_rule WHERE scope = ? AND pattern = ? AND key = ?');

  return {
    all: (): LabelRule[] => all.all().map(readRule),
    /** Returns how many rules are new, or have another value or source. What a command said stays when a host enrols. */
    set: (drafts: readonly LabelDraft[], at: number): number =>
      drafts.reduce(
        (changed, { scope, pattern, key, value, source, setBy }) =>
          changed + put.run(scope, pattern, key, value, source, setBy, at).changes,
        0,
      ),
    /** Those of a list, in place of those of the list before. What a command said of the same pattern and key stays. */
    replaceListed(labels: readonly Pick<LabelRule, 'pattern' | 'key' | 'value'>[], setBy: string, at: number): void {
      clearListed.run();
      for (const { pattern, key, value } of labels) putListed.run(pattern, key, value, setBy, at);
    },
    /** Returns how many there were. */
    remove: ({ scope, pattern }: Pick<LabelRule, 'scope' | 'pattern'>, keys: readonly string[]): number =>
      keys.reduce((removed, key) => removed + remove.run(scope, pattern, key).changes, 0),
  };
}
