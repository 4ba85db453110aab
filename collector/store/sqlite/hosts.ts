import type { Heard, Identity, SessionStart } from '../../receive/records.ts';
import { type HostRow, optionalHost, type RawHost, readHost } from '../rows/host.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `host`. Writing is for the group commit only. */
export function hostTable(sql: Sql) {
  const all = sql.prepare<[], RawHost>('SELECT * FROM host ORDER BY name, agent_id');
  const count = sql.prepare<[], number>('SELECT count(*) FROM host').pluck();
  const one = sql.prepare<[string], RawHost>('SELECT * FROM host WHERE agent_id = ?');
  const standing = sql.prepare<[string], { id: number; revoked_at: number | null }>(
    'SELECT id, revoked_at FROM host WHERE agent_id = ?',
  );
  const byKey = sql.prepare<[Uint8Array], RawHost>('SELECT * FROM host WHERE public_key = ?');
  const insert = sql.prepare('INSERT INTO host (agent_id, public_key, name, enrolled_at) VALUES (?, ?, ?, ?)');
  const begin = sql.prepare(
    'UPDATE host SET generation = ?, boot_id = ?, name = ?, agent_version = ?, heard_at = ? WHERE id = ?',
  );
  const conflict = sql.prepare('UPDATE host SET conflict_at = ? WHERE agent_id = ?');
  const replaceKey = sql.prepare('UPDATE host SET public_key = ? WHERE id = ?');
  const revoke = sql.prepare('UPDATE host SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const revoked = sql.prepare<[], string>('SELECT agent_id FROM host WHERE revoked_at IS NOT NULL').pluck();
  const hear = sql.prepare('UPDATE host SET heard_at = max(coalesce(heard_at, 0), ?) WHERE agent_id = ?');
  const observe = sql.prepare(
    `UPDATE current_snapshot SET observed_at = max(observed_at, ?)
     WHERE host = (SELECT id FROM host WHERE agent_id = ?)`,
  );

  return {
    all: (): HostRow[] => all.all().map(readHost),
    count: (): number => count.get() ?? 0,
    byAgentId: (agentId: string): HostRow | undefined => optionalHost(one.get(agentId)),
    /** What is looked at with each frame, and nothing else of the row. */
    standing(agentId: string): { id: number; revoked: boolean } | undefined {
      const row = standing.get(agentId);
      return row && { id: row.id, revoked: row.revoked_at !== null };
    },
    byPublicKey: (publicKey: Uint8Array): HostRow | undefined => optionalHost(byKey.get(publicKey)),
    identity(agentId: string): Identity | undefined {
      const row = one.get(agentId);
      return row && { publicKey: row.public_key, revoked: row.revoked_at !== null };
    },
    add(host: { agentId: string; publicKey: Uint8Array; name: string; at: number }): number {
      return Number(insert.run(host.agentId, host.publicKey, host.name, host.at).lastInsertRowid);
    },
    begin(id: number, start: SessionStart): void {
      begin.run(start.generation, start.bootId, start.hostName, start.agentVersion, start.at, id);
    },
    replaceKey(id: number, next: Uint8Array): void {
      replaceKey.run(next, id);
    },
    revoke(id: number, at: number): void {
      revoke.run(at, id);
    },
    revoked: (): string[] => revoked.all(),
    noteConflict(agentId: string, at: number): void {
      conflict.run(at, agentId);
    },
    noteHeard({ agentId, heardAt, observedAt }: Heard): void {
      hear.run(heardAt, agentId);
      if (observedAt !== undefined) observe.run(observedAt, agentId);
    },
  };
}
