import type { HostReads } from '../facts.ts';
import { factColumns, type RawCertificate, readCertificate } from '../rows/certificate.ts';
import { markColumns, type RawMark, readHostOf, readMark } from '../rows/host.ts';
import { addPart, emptyFacts, type RawPart, type RawSnapshot } from '../rows/snapshot.ts';
import { eventTable } from './events.ts';
import type { Sql } from './sqlite.ts';

/** Reads of a few hosts, each of which takes milliseconds. */
export function hostReads(sql: Sql): HostReads {
  const behind = sql.prepare<[number, number], RawMark>(`${markColumns} WHERE host.id > ? ORDER BY host.id LIMIT +?`);
  const mark = sql.prepare<[string], RawMark>(`${markColumns} WHERE agent_id = +?`);
  const snapshot = sql.prepare<[number], RawSnapshot>(
    'SELECT host, digest, observed_at, received_at, body, ahead_ms FROM current_snapshot WHERE host = ?',
  );
  const parts = sql.prepare<[number], RawPart>('SELECT kind, body FROM current_part WHERE host = +? ORDER BY kind, id');
  const certificates = sql.prepare<[number], RawCertificate>(
    `SELECT ${factColumns} FROM current_certificate JOIN certificate ON certificate.id = current_certificate.certificate
     WHERE host = +?`,
  );
  const events = eventTable(sql);
  // In one transaction: each statement by itself locks and unlocks the database, and reads its header again.
  const readHosts = sql.transaction((agentIds: readonly string[]) =>
    marks(agentIds).map((row) => ({
      host: readHostOf(row, factsOf(snapshot.get(row.id))),
      certificates: certificates.all(row.id).map(readCertificate),
    })),
  );

  return {
    hostMarks: async (after, limit) => behind.all(after, limit).map(readMark),
    marksOf: async (agentIds) => marks(agentIds).map(readMark),
    readHosts: async (agentIds) => readHosts(agentIds),
    eventsTotal: async () => events.count(),
  };

  function marks(agentIds: readonly string[]): RawMark[] {
    return agentIds.flatMap((agentId) => mark.get(agentId) ?? []);
  }

  function factsOf(row: RawSnapshot | undefined) {
    if (!row) return undefined;
    const facts = emptyFacts(row);
    for (const part of parts.all(row.host)) addPart(facts, part);
    return facts;
  }
}
