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
