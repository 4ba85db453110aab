import type { HostFacts, HostMark, SnapshotFacts } from '../facts.ts';

/** One enrolled agent. Instants are milliseconds since 1970. */
export interface HostRow {
  id: number;
  agentId: string;
  name: string;
  agentVersion: string;
  enrolledAt: number;
  generation: number;
  heardAt: number | undefined;
  conflictAt: number | undefined;
  revokedAt: number | undefined;
}

/** As both databases give it. */
export interface RawHost {
  id: number;
  agent_id: string;
  public_key: Buffer;
  name: string;
  agent_version: string;
  enrolled_at: number;
  generation: number;
  heard_at: number | null;
  conflict_at: number | null;
  revoked_at: number | null;
}

export function optionalHost(row: RawHost | undefined): HostRow | undefined {
  return row ? readHost(row) : undefined;
}

export function readHost(raw: RawHost): HostRow {
  return {
    id: raw.id,
    agentId: raw.agent_id,
    name: raw.name,
    agentVersion: raw.agent_version,
    enrolledAt: raw.enrolled_at,
    generation: raw.generation,
    heardAt: raw.heard_at ?? undefined,
    conflictAt: raw.conflict_at ?? undefined,
    revokedAt: raw.revoked_at ?? undefined,
  };
}

/** A host beside what its snapshot says of itself. */
export interface RawMark {
  id: number;
  agent_id: string;
  name: string;
  agent_version: string;
  enrolled_at: number;
  heard_at: number | null;
  conflict_at: number | null;
  revoked_at: number | null;
  digest: string | null;
  observed_at: number | null;
  received_at: number | null;
}

export const markColumns = `SELECT host.id, agent_id, name, agent_version, enrolled_at, heard_at, conflict_at, revoked_at,
  digest, observed_at, received_at FROM host LEFT JOIN current_snapshot ON current_snapshot.host = host.id`;

export function readMark(raw: RawMark): HostMark {
  const { digest, observed_at: observedAt, received_at: receivedAt } = raw;
  return {
    row: raw.id,
    agentId: raw.agent_id,
    name: raw.name,
    agentVersion: raw.agent_version,
    enrolledAt: raw.enrolled_at,
    heardAt: raw.heard_at ?? undefined,
    conflictAt: raw.conflict_at ?? undefined,
    revokedAt: raw.revoked_at ?? undefined,
    snapshot:
      digest === null || observedAt === null || receivedAt === null ? undefined : { digest, observedAt, receivedAt },
  };
}

export function readHostOf(raw: RawMark, snapshot: SnapshotFacts | undefined): HostFacts {
  const { row: _row, ...mark } = readMark(raw);
  return { ...mark, snapshot };
}
