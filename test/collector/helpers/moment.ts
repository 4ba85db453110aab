import Database from 'better-sqlite3';

/** What a database of SQLite holds that has to be of one moment. */
export interface Moment {
  /** Every event, in the order in which they were committed. */
  events: string[];
  /** By agent: changes of what its endpoint serves, what was acked, and whether the last change is the current state. */
  agents: Map<string, { served: number; acked: number; isCurrent: boolean }>;
}

/** Of hosts with one endpoint each, that tell in one epoch. */
export function momentOf(file: string): Moment {
  const sql = new Database(file, { readonly: true });
  const events = sql
    .prepare<[], string>(`SELECT id || ' ' || epoch || ' ' || seq || ' ' || body FROM event ORDER BY id`)
    .pluck()
    .all();
  const agents = sql
    .prepare<[], { agent: string; served: number; acked: number; isCurrent: number }>(
      `SELECT host.agent_id AS agent, (SELECT count(*) FROM change WHERE change.track = track.id) AS served, epoch.acked_seq AS acked,
         (SELECT certificate FROM change WHERE change.track = track.id ORDER BY at DESC LIMIT 1)
           = (SELECT certificate FROM current_certificate WHERE host = host.id) AS isCurrent
       FROM host JOIN track ON track.host = host.id AND track.kind = 'endpoint-served' JOIN epoch ON epoch.host = host.id`,
    )
    .all();
  sql.close();
  const entries = agents.map(
    ({ agent, served, acked, isCurrent }) => [agent, { served, acked, isCurrent: isCurrent === 1 }] as const,
  );
  return { events, agents: new Map(entries) };
}
