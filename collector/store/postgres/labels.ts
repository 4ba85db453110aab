import type { LabelChange, LabelChanged, LabelDraft, LabelRule, ListedFacts } from '../facts.ts';
import { labelTag, listTag, type RawRule, readListed, readRule } from '../rows/label.ts';
import type { Store } from '../store.ts';
import { digestOf } from './changes.ts';
import type { Queries } from './database.ts';
import type { GroupCommit, Tx } from './group-commit.ts';
import { note, noted } from './steps.ts';

const columns = 'id, scope, pattern, key, value, source, set_by, set_at';

/** Rows of `label_rule`. */
export const labels = {
  async all(queries: Queries): Promise<LabelRule[]> {
    const rows = await queries.all<RawRule>(`SELECT ${columns} FROM label_rule`);
    return rows
      .map(readRule)
      .sort((a, b) => order(a.scope, b.scope) || order(a.pattern, b.pattern) || order(a.key, b.key));
  },

  /** Returns how many rules are new, or have another value or source. What a command said stays when a host enrols. */
  async set(tx: Queries, drafts: readonly LabelDraft[], at: number): Promise<number> {
    let changed = 0;
    for (const { scope, pattern, key, value, source, setBy } of drafts) {
      const rows = await tx.all(
        `INSERT INTO label_rule (scope, pattern, pattern_digest, key, value, source, set_by, set_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (scope, pattern_digest, key) DO UPDATE
           SET value = excluded.value, source = excluded.source, set_by = excluded.set_by, set_at = excluded.set_at
         WHERE (label_rule.value <> excluded.value OR label_rule.source <> excluded.source)
           AND NOT (label_rule.source = 'command' AND excluded.source = 'enrolment') RETURNING id`,
        [scope, pattern, digestOf(pattern), key, value, source, setBy, at],
      );
      changed += rows.length;
    }
    return changed;
  },

  /** Those of the same scope, pattern and key. */
  async inTheWay(tx: Queries, drafts: readonly LabelDraft[]): Promise<LabelRule[]> {
    const found: RawRule[] = [];
    for (const { scope, pattern, key } of drafts)
      found.push(
        ...(await tx.all<RawRule>(
          `SELECT ${columns} FROM label_rule WHERE scope = $1 AND pattern_digest = $2 AND key = $3`,
          [scope, digestOf(pattern), key],
        )),
      );
    return found.map(readRule);
  },

  async change(tx: Queries, { id, seen, value, setBy }: LabelChange, at: number): Promise<LabelChanged> {
    const row = await tx.one<RawRule>(`SELECT ${columns} FROM label_rule WHERE id = $1 FOR UPDATE`, [id]);
    if (!row) return { outcome: 'gone' };
    const rule = readRule(row);
    if (labelTag(rule) !== seen) return { outcome: 'other', rule };
    if (value === undefined) {
      await tx.all('DELETE FROM label_rule WHERE id = $1', [id]);
      return { outcome: 'changed', rule };
    }
    if (value === rule.value && rule.source === 'command') return { outcome: 'same', rule };
    await tx.all(`UPDATE label_rule SET value = $1, source = 'command', set_by = $2, set_at = $3 WHERE id = $4`, [
      value,
      setBy,
      at,
      id,
    ]);
    return { outcome: 'changed', rule: { ...rule, value, source: 'command', setBy, setAt: at } };
  },

  /** Those of a list, in place of those of the list before. What a command said of the same pattern and key stays. */
  async replaceListed(
    tx: Queries,
    rules: readonly Pick<LabelRule, 'pattern' | 'key' | 'value'>[],
    setBy: string,
    at: number,
  ): Promise<void> {
    await tx.all(`DELETE FROM label_rule WHERE source = 'list'`);
    await tx.all(
      `INSERT INTO label_rule (scope, pattern, pattern_digest, key, value, source, set_by, set_at)
       SELECT 'name', unnest($1::TEXT[]), unnest($2::BYTEA[]), unnest($3::TEXT[]), unnest($4::TEXT[]), 'list', CAST($5 AS TEXT), CAST($6 AS BIGINT)
       ON CONFLICT (scope, pattern_digest, key) DO NOTHING`,
      [
        rules.map(({ pattern }) => pattern),
        rules.map(({ pattern }) => digestOf(pattern)),
        rules.map(({ key }) => key),
        rules.map(({ value }) => value),
        setBy,
        at,
      ],
    );
  },

  /** Returns how many there were. */
  async remove(
    tx: Queries,
    { scope, pattern }: Pick<LabelRule, 'scope' | 'pattern'>,
    keys: readonly string[],
  ): Promise<number> {
    const rows = await tx.all(
      'DELETE FROM label_rule WHERE scope = $1 AND pattern_digest = $2 AND key = ANY($3::TEXT[]) RETURNING id',
      [scope, digestOf(pattern), keys],
    );
    return rows.length;
  },
};

/** Rows of `listed`, in the order of the list. */
export const listed = {
  async all(queries: Queries): Promise<ListedFacts[]> {
    const rows = await queries.all<{ name: string; body: string }>('SELECT name, body FROM listed ORDER BY id');
    return rows.map(readListed);
  },

  async replace(tx: Queries, rows: readonly ListedFacts[]): Promise<void> {
    await tx.all('DELETE FROM listed');
    await tx.all(
      'INSERT INTO listed (id, name, body) SELECT unnest($1::BIGINT[]), unnest($2::TEXT[]), unnest($3::TEXT[])',
      [
        rows.map((_, index) => index + 1),
        rows.map(({ name }) => name),
        rows.map(({ expiration, issuer, labels: given }) => JSON.stringify({ expiration, issuer, labels: given })),
      ],
    );
  },
};

type LabelStore = Pick<
  Store,
  'setLabels' | 'removeLabels' | 'labels' | 'addLabels' | 'changeLabel' | 'replaceListed' | 'listed'
>;

/** What the store offers of rules, and of the list that some of them come from. */
export function labelStore(group: GroupCommit, database: Queries): LabelStore {
  const changing = <T>(work: (tx: Tx) => Promise<T>) =>
    group.keep((tx) => {
      // Whose something is shows beside it.
      tx.changed('hosts', 'endpoints', 'findings');
      return work(tx);
    });
  return {
    setLabels: (drafts, at, entry) => changing((tx) => noted(tx, labels.set(tx, drafts, at), entry)),
    removeLabels: (rules, keys, entry) => changing((tx) => noted(tx, labels.remove(tx, rules, keys), entry)),
    labels: () => labels.all(database),
    addLabels: (drafts, at, entry) =>
      changing(async (tx) => {
        const inTheWay = await labels.inTheWay(tx, drafts);
        if (inTheWay.length === 0) await noted(tx, labels.set(tx, drafts, at), entry);
        return inTheWay;
      }),
    changeLabel: (change, at, entryOf) =>
      changing(async (tx) => {
        const changed = await labels.change(tx, change, at);
        if (changed.outcome === 'changed') await note(tx, entryOf(changed.rule));
        return changed;
      }),
    replaceListed: (rows, given, setBy, at, entry, seen) =>
      changing(async (tx) => {
        if (seen !== undefined && listTag(await listed.all(tx)) !== seen) return false;
        await listed.replace(tx, rows);
        await labels.replaceListed(tx, given, setBy, at);
        await note(tx, entry);
        return true;
      }),
    listed: () => listed.all(database),
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
