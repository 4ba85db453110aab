import type { AuditEntry } from '../accounts.ts';
import type { LabelChange, LabelChanged, LabelDraft, LabelRule } from '../facts.ts';
import { labelTag, listTag, type RawRule, readRule } from '../rows/label.ts';
import type { Store } from '../store.ts';
import type { GroupCommit } from './group-commit.ts';
import type { listedTable } from './listed.ts';
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
  const at = sql.prepare<[string, string, string], RawRule>(
    'SELECT * FROM label_rule WHERE scope = ? AND pattern = ? AND key = ?',
  );
  const byId = sql.prepare<[number], RawRule>('SELECT * FROM label_rule WHERE id = ?');
  const found = (id: number): LabelRule | undefined => [byId.get(id)].flatMap((row) => (row ? readRule(row) : []))[0];

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
    /** Those of the same scope, pattern and key. */
    inTheWay: (drafts: readonly LabelDraft[]): LabelRule[] =>
      drafts.flatMap(({ scope, pattern, key }) => {
        const row = at.get(scope, pattern, key);
        return row ? readRule(row) : [];
      }),
    change({ id, seen, value, setBy }: LabelChange, now: number): LabelChanged {
      const rule = found(id);
      if (!rule) return { outcome: 'gone' };
      if (labelTag(rule) !== seen) return { outcome: 'other', rule };
      const { scope, pattern, key } = rule;
      const { changes } =
        value === undefined
          ? remove.run(scope, pattern, key)
          : put.run(scope, pattern, key, value, 'command', setBy, now);
      return { outcome: changes > 0 ? 'changed' : 'same', rule: found(id) ?? rule };
    },
    /** Returns how many there were. */
    remove: ({ scope, pattern }: Pick<LabelRule, 'scope' | 'pattern'>, keys: readonly string[]): number =>
      keys.reduce((removed, key) => removed + remove.run(scope, pattern, key).changes, 0),
  };
}

type LabelStore = Pick<
  Store,
  'setLabels' | 'removeLabels' | 'labels' | 'addLabels' | 'changeLabel' | 'replaceListed' | 'listed'
>;

/** What the store offers of rules, and of the list that some of them come from. */
export function labelStore(
  { labels, listed }: { labels: ReturnType<typeof labelTable>; listed: ReturnType<typeof listedTable> },
  group: GroupCommit,
  noted: <T extends number | boolean>(changed: T, entry: AuditEntry | undefined) => T,
): LabelStore {
  return {
    setLabels: (drafts, at, entry) => group.keep(() => noted(labels.set(drafts, at), entry)),
    removeLabels: (rules, keys, entry) => group.keep(() => noted(labels.remove(rules, keys), entry)),
    labels: async () => labels.all(),
    addLabels: (drafts, at, entry) =>
      group.keep(() => {
        const inTheWay = labels.inTheWay(drafts);
        if (inTheWay.length === 0) noted(labels.set(drafts, at), entry);
        return inTheWay;
      }),
    changeLabel: (change, at, entryOf) =>
      group.keep(() => {
        const changed = labels.change(change, at);
        if (changed.outcome === 'changed') noted(true, entryOf(changed.rule));
        return changed;
      }),
    replaceListed: (rows, given, setBy, at, entry, seen) =>
      group.keep(() => {
        if (seen !== undefined && listTag(listed.all()) !== seen) return false;
        listed.replace(rows);
        labels.replaceListed(given, setBy, at);
        return noted(true, entry);
      }),
    listed: async () => listed.all(),
  };
}
