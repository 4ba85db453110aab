import type { SnapshotFrame } from '@certherd/protocol/frame';
import type { Topic } from '../../receive/records.ts';
import { changesBetween, type Part, partsByKey, partsOf } from '../compare.ts';
import type { SnapshotFacts } from '../facts.ts';
import { addPart, emptyFacts, keptLook, msAhead, type RawPart, type RawSnapshot, topicOf } from '../rows/snapshot.ts';
import { keepCertificates } from './certificates.ts';
import { addChanges, digestOf } from './changes.ts';
import type { Queries } from './database.ts';

export async function snapshotDigest(tx: Queries, host: number): Promise<string | undefined> {
  return (await tx.one<{ digest: string }>('SELECT digest FROM current_snapshot WHERE host = $1', [host]))?.digest;
}

/** Replaces a host's current state, writing only what differs, appends the history between, and tells which topics changed. */
export async function replaceSnapshot(tx: Queries, host: number, frame: SnapshotFrame, at: number): Promise<Topic[]> {
  const topics = new Set<Topic>(['hosts']);
  const ids = await keepCertificates(tx, frame.snapshot.certificates, host, at);
  if (await holdCertificates(tx, host, new Set(ids.values()))) topics.add('certificates');
  const rows = await tx.all<Omit<Part, 'certificate'>>('SELECT kind, id, body FROM current_part WHERE host = $1', [
    host,
  ]);
  const before = partsByKey(rows.map((row) => ({ ...row, certificate: undefined })));
  const after = partsByKey(partsOf(frame.snapshot));
  const kept = [...after].filter(([key, part]) => before.get(key)?.body !== part.body).map(([, part]) => part);
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, part]) => part);
  for (const { kind } of [...kept, ...gone]) topics.add(topicOf[kind]);
  if (kept.length > 0) await keepParts(tx, host, kept, ids);
  if (gone.length > 0)
    await tx.all(
      `DELETE FROM current_part WHERE host = $1
         AND (kind, id_digest) IN (SELECT unnest($2::TEXT[]), unnest($3::BYTEA[]))`,
      [host, gone.map(({ kind }) => kind), gone.map(({ id }) => digestOf(id))],
    );
  await addChanges(tx, host, at, changesBetween(before, after));
  const body = JSON.stringify({ host: frame.snapshot.host, servers: frame.snapshot.servers });
  await tx.all(
    `INSERT INTO current_snapshot (host, digest, observed_at, received_at, body, ahead_ms) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (host) DO UPDATE SET digest = excluded.digest, observed_at = excluded.observed_at,
       received_at = excluded.received_at, body = excluded.body, ahead_ms = excluded.ahead_ms`,
    [host, frame.digest, keptLook(frame, at), at, body, msAhead(frame, at)],
  );
  return [...topics];
}

/** Every host's current state by its row id. What did not change since is not read again. */
export function createCurrentSnapshots(): (queries: Queries) => Promise<Map<number, SnapshotFacts>> {
  let read = new Map<number, SnapshotFacts>();
  return async (queries) => {
    const rows = await queries.all<RawSnapshot>(
      'SELECT host, digest, observed_at, received_at, body, ahead_ms FROM current_snapshot',
    );
    const isKnown = ({ host, digest, received_at }: RawSnapshot) =>
      read.get(host)?.digest === digest && read.get(host)?.receivedAt === received_at;
    const fresh = new Map(rows.filter((row) => !isKnown(row)).map((row) => [row.host, emptyFacts(row)]));
    const parts = await queries.all<RawPart & { host: number; id: string }>(
      'SELECT host, kind, id, body FROM current_part WHERE host = ANY($1::BIGINT[])',
      [[...fresh.keys()]],
    );
    for (const part of parts.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))) {
      const facts = fresh.get(part.host);
      if (facts) addPart(facts, part);
    }
    const current = rows.flatMap((row) => {
      const facts = fresh.get(row.host) ?? read.get(row.host);
      return facts ? [[row.host, { ...facts, observedAt: row.observed_at }] as const] : [];
    });
    read = new Map(current);
    return read;
  };
}

async function keepParts(
  tx: Queries,
  host: number,
  parts: readonly Part[],
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  await tx.all(
    `INSERT INTO current_part (host, kind, id, id_digest, certificate, body)
     SELECT CAST($1 AS BIGINT), unnest($2::TEXT[]), unnest($3::TEXT[]), unnest($4::BYTEA[]), unnest($5::BIGINT[]), unnest($6::TEXT[])
     ON CONFLICT (host, kind, id_digest) DO UPDATE SET certificate = excluded.certificate, body = excluded.body`,
    [
      host,
      parts.map(({ kind }) => kind),
      parts.map(({ id }) => id),
      parts.map(({ id }) => digestOf(id)),
      parts.map(({ certificate }) => (certificate === undefined ? null : (ids.get(certificate) ?? null))),
      parts.map(({ body }) => body),
    ],
  );
}

/** True: the host holds others than before. */
async function holdCertificates(tx: Queries, host: number, after: ReadonlySet<number>): Promise<boolean> {
  const rows = await tx.all<{ certificate: number }>('SELECT certificate FROM current_certificate WHERE host = $1', [
    host,
  ]);
  const before = new Set(rows.map(({ certificate }) => certificate));
  const gained = [...after].filter((id) => !before.has(id));
  const lost = [...before].filter((id) => !after.has(id));
  if (gained.length > 0)
    await tx.all(
      'INSERT INTO current_certificate (host, certificate) SELECT CAST($1 AS BIGINT), unnest($2::BIGINT[])',
      [host, gained],
    );
  if (lost.length > 0)
    await tx.all('DELETE FROM current_certificate WHERE host = $1 AND certificate = ANY($2::BIGINT[])', [host, lost]);
  return gained.length + lost.length > 0;
}
