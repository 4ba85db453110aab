import type { LabelDraft, LabelRule, ListedFacts } from '../facts.ts';
import { type RawRule, readListed, readRule } from '../rows/label.ts';
import { digestOf } from './changes.ts';
import type { Queries } from './database.ts';

/** Rows of `label_rule`. */
export const labels = {
  async all(queries: Queries): Promise<LabelRule[]> {
    const rows = await queries.all<RawRule>(
      'SELECT id, scope, pattern, key, value, source, set_by, set_at FROM label_rule',
    );
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

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
