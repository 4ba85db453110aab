import {
  mostTargetChanges,
  type RawTarget,
  type RawTargetChange,
  readTarget,
  servedBy,
  type TargetChange,
  type TargetDraft,
  type TargetRow,
  type Targets,
  type TargetState,
  type TargetStay,
  targetStays,
} from '../targets.ts';
import type { Database, Queries } from './database.ts';
import type { Tx } from './group-commit.ts';
import { note, noted } from './steps.ts';
import type { Kept } from '../kept.ts';

/** Rows of `target` and `target_change`. */
export const targetTable = {
  async all(queries: Queries): Promise<TargetRow[]> {
    const rows = await queries.all<RawTarget>(
      `SELECT target.*, host.name AS vantage_name FROM target LEFT JOIN host ON host.agent_id = target.vantage
       ORDER BY target.vantage <> 'collector', target.vantage`,
    );
    if (rows.length === 0) return [];
    const found = rows.map((row) => readTarget(row, () => false));
    const wanted = [...new Set(found.flatMap(({ seen }) => servedBy(seen)))].map((one) => Buffer.from(one, 'hex'));
    const held = await queries.all<{ fingerprint: Buffer }>(
      'SELECT fingerprint FROM certificate WHERE fingerprint = ANY($1::BYTEA[])',
      [wanted],
    );
    const known = new Set(held.map(({ fingerprint }) => fingerprint.toString('hex')));
    return found
      .map((row) => ({ ...row, held: servedBy(row.seen).filter((one) => known.has(one)) }))
      .sort((one, other) => (one.target < other.target ? -1 : one.target > other.target ? 1 : 0));
  },

  async add(tx: Queries, { target, everyMs, setBy, vantage = 'collector' }: TargetDraft, at: number): Promise<void> {
    await tx.all(
      `INSERT INTO target (target, every_ms, set_by, set_at, vantage) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (target, vantage) DO UPDATE SET every_ms = excluded.every_ms, set_by = excluded.set_by, set_at = excluded.set_at`,
      [target, everyMs, setBy, at, vantage],
    );
  },

  /** False: it is there already. */
  async addNew(
    tx: Queries,
    { target, everyMs, setBy, vantage = 'collector' }: TargetDraft,
    at: number,
  ): Promise<boolean> {
    const added = await tx.all(
      `INSERT INTO target (target, vantage, every_ms, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (target, vantage) DO NOTHING RETURNING id`,
      [target, vantage, everyMs, setBy, at],
    );
    return added.length > 0;
  },

  async want(tx: Queries, id: number): Promise<boolean> {
    return (await tx.all('UPDATE target SET wanted = wanted + 1 WHERE id = $1 RETURNING id', [id])).length > 0;
  },

  /** Was there one? */
  async remove(tx: Queries, target: string, vantage?: string): Promise<boolean> {
    const removed = await tx.all(
      'DELETE FROM target WHERE target = $1 AND vantage = coalesce($2::TEXT, vantage) RETURNING id',
      [target, vantage ?? null],
    );
    return removed.length > 0;
  },

  /** False: it was removed meanwhile. */
  async keep(
    tx: Queries,
    { id, wanted }: Pick<TargetRow, 'id' | 'wanted'>,
    at: number,
    seen: TargetState,
    changed: readonly TargetChange[],
  ): Promise<boolean> {
    const noted = await tx.all(
      `UPDATE target SET asked_at = $1, seen = $2, wanted = CASE wanted WHEN $3::BIGINT THEN 0 ELSE wanted END
       WHERE id = $4 RETURNING id`,
      [at, JSON.stringify(seen), wanted, id],
    );
    if (noted.length === 0) return false;
    for (const { address, algorithm, served } of changed)
      await tx.all(
        `INSERT INTO target_change (target, at, address, algorithm, served) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (target, at, address, algorithm) DO UPDATE SET served = excluded.served`,
        [id, at, address, algorithm, served ?? ''],
      );
    if (changed.length > 0)
      await tx.all(
        `DELETE FROM target_change WHERE target = $1 AND at <
           (SELECT at FROM target_change WHERE target = $1 ORDER BY at DESC LIMIT 1 OFFSET ${mostTargetChanges - 1})`,
        [id],
      );
    return true;
  },

  async stays(queries: Queries, id: number): Promise<TargetStay[]> {
    const rows = await queries.all<RawTargetChange>(
      'SELECT address, algorithm, at, served FROM target_change WHERE target = $1 ORDER BY at',
      [id],
    );
    return targetStays(rows);
  },
};

interface Group {
  keep: <T>(work: (tx: Tx) => Promise<T>) => Promise<Kept<T>>;
}

/** What the store offers of them. */
export function sharedTargets(group: Group, database: Database): Targets {
  const changing = <T>(work: (tx: Tx) => Promise<T>) =>
    group.keep((tx) => {
      tx.changed('targets');
      return work(tx);
    });
  return {
    all: () => targetTable.all(database),
    add: (draft, at, entry) =>
      changing(async (tx) => {
        await targetTable.add(tx, draft, at);
        await note(tx, entry);
      }),
    addNew: (draft, at, entry) => changing((tx) => noted(tx, targetTable.addNew(tx, draft, at), entry)),
    want: (id, entry) => changing((tx) => noted(tx, targetTable.want(tx, id), entry)),
    remove: (target, entry, vantage) => changing((tx) => noted(tx, targetTable.remove(tx, target, vantage), entry)),
    keep: (looked, at, seen, changed) => changing((tx) => targetTable.keep(tx, looked, at, seen, changed)),
    stays: (id) => targetTable.stays(database, id),
  };
}
