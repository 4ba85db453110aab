import type { HostReads } from '../facts.ts';
import { factColumns, type RawCertificate, readCertificate } from '../rows/certificate.ts';
import { markColumns, type RawMark, readHostOf, readMark } from '../rows/host.ts';
import { addPart, emptyFacts, type RawPart, type RawSnapshot } from '../rows/snapshot.ts';
import type { Database, Queries } from './database.ts';
import { countEvents } from './events.ts';

/** Reads of a few hosts, of one moment each. */
export function hostReads(database: Database): HostReads {
  return {
    hostMarks: async (after, limit) => {
      const rows = await database.all<RawMark>(`${markColumns} WHERE host.id > $1 ORDER BY host.id LIMIT $2`, [
        after,
        limit,
      ]);
      return rows.map(readMark);
    },
    marksOf: async (agentIds) => (await marks(database, agentIds)).map(readMark),
    readHosts: (agentIds) => database.read((tx) => read(tx, agentIds)),
    eventsTotal: () => countEvents(database),
  };
}

function marks(queries: Queries, agentIds: readonly string[]): Promise<RawMark[]> {
  return queries.all<RawMark>(`${markColumns} WHERE agent_id = ANY($1::TEXT[])`, [agentIds]);
}

async function read(tx: Queries, agentIds: readonly string[]) {
  const rows = await marks(tx, agentIds);
  const ids = [rows.map(({ id }) => id)];
  const snapshots = await tx.all<RawSnapshot>(
    'SELECT host, digest, observed_at, received_at, body, ahead_ms FROM current_snapshot WHERE host = ANY($1::BIGINT[])',
    ids,
  );
  const factsOf = new Map(snapshots.map((row) => [row.host, emptyFacts(row)]));
  const parts = await tx.all<RawPart & { host: number; id: string }>(
    'SELECT host, kind, id, body FROM current_part WHERE host = ANY($1::BIGINT[])',
    ids,
  );
  for (const part of parts.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))) {
    const facts = factsOf.get(part.host);
    if (facts) addPart(facts, part);
  }
  const certificates = Map.groupBy(
    await tx.all<RawCertificate & { host: number }>(
      `SELECT host, ${factColumns} FROM current_certificate
         JOIN certificate ON certificate.id = current_certificate.certificate WHERE host = ANY($1::BIGINT[])`,
      ids,
    ),
    ({ host }) => host,
  );
  return rows.map((row) => ({
    host: readHostOf(row, factsOf.get(row.id)),
    certificates: (certificates.get(row.id) ?? []).map(readCertificate),
  }));
}
