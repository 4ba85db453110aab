import {
  mostTargetChanges,
  type RawTarget,
  type RawTargetChange,
  readTarget,
  type TargetChange,
  type TargetDraft,
  type TargetRow,
  type TargetState,
  type TargetStay,
  targetStays,
} from '../targets.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `target` and `target_change`. Writing is for the group commit. */
export function targetTable(sql: Sql) {
  const all = sql.prepare<[], RawTarget>(
    `SELECT target.*, host.name AS vantage_name FROM target LEFT JOIN host ON host.agent_id = target.vantage
     ORDER BY target, target.vantage <> 'collector', target.vantage`,
  );
  const held = sql.prepare<[Buffer], number>('SELECT 1 FROM certificate WHERE fingerprint = ?').pluck();
  const put = sql.prepare(
    `INSERT INTO target (target, vantage, every_ms, set_by, set_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (target, vantage) DO UPDATE SET every_ms = excluded.every_ms, set_by = excluded.set_by, set_at = excluded.set_at`,
  );
  const putNew = sql.prepare(
    `INSERT INTO target (target, vantage, every_ms, set_by, set_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (target, vantage) DO NOTHING`,
  );
  const want = sql.prepare('UPDATE target SET wanted = wanted + 1 WHERE id = ?');
  const remove = sql.prepare('DELETE FROM target WHERE target = $target AND vantage = coalesce($vantage, vantage)');
  const note = sql.prepare(
    `UPDATE target SET asked_at = $at, seen = $seen, wanted = CASE wanted WHEN $wanted THEN 0 ELSE wanted END WHERE id = $id`,
  );
  const change = sql.prepare(
    `INSERT INTO target_change (target, at, address, algorithm, served) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (target, at, address, algorithm) DO UPDATE SET served = excluded.served`,
  );
  const drop = sql.prepare(
    `DELETE FROM target_change WHERE target = $target AND at <
       (SELECT at FROM target_change WHERE target = $target ORDER BY at DESC LIMIT 1 OFFSET ${mostTargetChanges - 1})`,
  );
  const changes = sql.prepare<[number], RawTargetChange>(
    'SELECT address, algorithm, at, served FROM target_change WHERE target = ? ORDER BY at',
  );
  const isHeld = (fingerprint: string) => held.get(Buffer.from(fingerprint, 'hex')) !== undefined;

  return {
    all: (): TargetRow[] => all.all().map((row) => readTarget(row, isHeld)),
    add({ target, everyMs, setBy, vantage = 'collector' }: TargetDraft, at: number): void {
      put.run(target, vantage, everyMs, setBy, at);
    },
    /** False: it is there already. */
    addNew: ({ target, everyMs, setBy, vantage = 'collector' }: TargetDraft, at: number): boolean =>
      putNew.run(target, vantage, everyMs, setBy, at).changes > 0,
    want: (id: number): boolean => want.run(id).changes > 0,
    /** Was there one? */
    remove: (target: string, vantage?: string): boolean => remove.run({ target, vantage: vantage ?? null }).changes > 0,
    /** False: it was removed meanwhile. */
    keep(
      { id, wanted }: Pick<TargetRow, 'id' | 'wanted'>,
      at: number,
      seen: TargetState,
      changed: readonly TargetChange[],
    ): boolean {
      if (note.run({ at, seen: JSON.stringify(seen), wanted, id }).changes === 0) return false;
      for (const { address, algorithm, served } of changed) change.run(id, at, address, algorithm, served ?? '');
      if (changed.length > 0) drop.run({ target: id });
      return true;
    },
    stays: (id: number): TargetStay[] => targetStays(changes.all(id)),
  };
}
