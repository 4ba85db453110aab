import type { Heard, Identity, SessionStart } from '../../receive/records.ts';
import { type HostRow, optionalHost, type RawHost, readHost } from '../rows/host.ts';
import type { Queries } from './database.ts';

/** A host with the collector that has its session. */
export type SharedHostRow = HostRow & { collector: string | undefined };

/** Rows of `host`. */
export const hosts = {
  async all(queries: Queries): Promise<HostRow[]> {
    const rows = await queries.all<RawHost>('SELECT * FROM host');
    return rows.map(readHost).sort((a, b) => order(a.name, b.name) || order(a.agentId, b.agentId));
  },

  async count(queries: Queries): Promise<number> {
    return (await queries.one<{ n: number }>('SELECT count(*) AS n FROM host'))?.n ?? 0;
  },

  /** Locks it until the end of the transaction: nothing else is kept of this host meanwhile. */
  async locked(tx: Queries, agentId: string): Promise<SharedHostRow | undefined> {
    const row = await tx.one<RawHost & { collector: string | null }>(
      'SELECT * FROM host WHERE agent_id = $1 FOR UPDATE',
      [agentId],
    );
    return row && { ...readHost(row), collector: row.collector ?? undefined };
  },

  async byPublicKey(tx: Queries, publicKey: Uint8Array): Promise<HostRow | undefined> {
    return optionalHost(await tx.one<RawHost>('SELECT * FROM host WHERE public_key = $1 FOR UPDATE', [publicKey]));
  },

  async identity(queries: Queries, agentId: string): Promise<Identity | undefined> {
    const row = await queries.one<RawHost>('SELECT * FROM host WHERE agent_id = $1', [agentId]);
    return row && { publicKey: row.public_key, revoked: row.revoked_at !== null };
  },

  async add(tx: Queries, host: { agentId: string; publicKey: Uint8Array; name: string; at: number }): Promise<number> {
    const row = await tx.one<{ id: number }>(
      'INSERT INTO host (agent_id, public_key, name, enrolled_at) VALUES ($1, $2, $3, $4) RETURNING id',
      [host.agentId, host.publicKey, host.name, host.at],
    );
    return row?.id ?? 0;
  },

  async begin(tx: Queries, id: number, start: SessionStart, collector: string): Promise<void> {
    await tx.all(
      `UPDATE host SET generation = $1, boot_id = $2, name = $3, agent_version = $4, heard_at = $5, collector = $6
       WHERE id = $7`,
      [start.generation, start.bootId, start.hostName, start.agentVersion, start.at, collector, id],
    );
  },

  async end(tx: Queries, agentId: string, generation: number, collector: string): Promise<void> {
    await tx.all('UPDATE host SET collector = NULL WHERE agent_id = $1 AND generation = $2 AND collector = $3', [
      agentId,
      generation,
      collector,
    ]);
  },

  async noteConflict(tx: Queries, agentId: string, at: number): Promise<void> {
    await tx.all('UPDATE host SET conflict_at = $1 WHERE agent_id = $2', [at, agentId]);
  },

  async noteHeard(tx: Queries, heard: readonly Heard[]): Promise<void> {
    // In one order, so that two collectors never wait for one another.
    const list = heard.toSorted((a, b) => order(a.agentId, b.agentId));
    const ids = list.map(({ agentId }) => agentId);
    await tx.all(
      `UPDATE host SET heard_at = greatest(coalesce(heard_at, 0), heard.at)
       FROM (SELECT unnest($1::TEXT[]) AS agent, unnest($2::BIGINT[]) AS at) AS heard WHERE agent_id = heard.agent`,
      [ids, list.map(({ heardAt }) => heardAt)],
    );
    const looked = list.filter(({ observedAt }) => observedAt !== undefined);
    if (looked.length === 0) return;
    await tx.all(
      `UPDATE current_snapshot SET observed_at = greatest(observed_at, looked.at)
       FROM (SELECT unnest($1::TEXT[]) AS agent, unnest($2::BIGINT[]) AS at) AS looked
         JOIN host ON host.agent_id = looked.agent WHERE current_snapshot.host = host.id`,
      [looked.map(({ agentId }) => agentId), looked.map(({ observedAt }) => observedAt)],
    );
  },

  async revoked(queries: Queries): Promise<string[]> {
    const rows = await queries.all<{ agent_id: string }>('SELECT agent_id FROM host WHERE revoked_at IS NOT NULL');
    return rows.map((row) => row.agent_id);
  },
};

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
