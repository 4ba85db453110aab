import type { Event } from '@certherd/protocol/event';
import type { ThinPlace, ThinSlice } from '../retention.ts';
import { subjectKey } from '../../receive/told-events.ts';
import { digestOf } from './changes.ts';
import type { Queries } from './database.ts';

/** Rows that a slice looks at, and removes at most: some milliseconds, most of them on the way to the server. */
const looked = 128;
const removed = 32;

/** As with SQLite (../sqlite/thin.ts): the same rows go, and the same stay. */
export async function thinSlice(tx: Queries, before: number, { table, after }: ThinPlace): Promise<ThinSlice> {
  if (table === 'change') return thinChanges(tx, before, after);
  return table === 'event' ? thinEvents(tx, before, after) : thinCertificates(tx, before, after);
}

/** When an agent was last heard, by the clock of then. */
export async function newestAt(queries: Queries): Promise<number | undefined> {
  const row = await queries.one<{ at: number | null }>(
    `SELECT max(at) AS at FROM (SELECT max(heard_at) AS at FROM host UNION ALL SELECT max(received_at) FROM current_snapshot
       UNION ALL SELECT received_at FROM event WHERE id = (SELECT max(id) FROM event)) AS told`,
  );
  return row?.at ?? undefined;
}

async function thinChanges(tx: Queries, before: number, after: number): Promise<ThinSlice> {
  const tracks = await tx.all<{ id: number }>('SELECT id FROM track WHERE id > $1 ORDER BY id LIMIT $2', [
    after,
    looked,
  ]);
  // Of each track the newest row before the cut stays, so that what was then is still known.
  const gone = await tx.all<{ track: number; finding: number | null }>(
    `DELETE FROM change WHERE (track, at) IN (
       SELECT old.track, old.at FROM change AS old
       WHERE old.track = ANY($1::BIGINT[])
         AND old.at < (SELECT max(last.at) FROM change AS last WHERE last.track = old.track AND last.at < $2)
       ORDER BY old.track, old.at LIMIT $3)
     RETURNING track, finding`,
    [tracks.map(({ id }) => id), before, removed],
  );
  const findings = new Set(gone.flatMap(({ finding }) => finding ?? []));
  if (findings.size > 0)
    await tx.all(
      `DELETE FROM finding_text WHERE id = ANY($1::BIGINT[])
         AND NOT EXISTS (SELECT 1 FROM change WHERE change.finding = finding_text.id)`,
      [[...findings]],
    );
  // A slice that took as much as it may goes on with the last track that it touched: more of it may be old.
  if (gone.length === removed)
    return { next: { table: 'change', after: Math.max(...gone.map(({ track }) => track)) - 1 }, removed };
  const last = tracks.at(-1);
  const next: ThinPlace =
    tracks.length < looked || !last ? { table: 'event', after: 0 } : { table: 'change', after: last.id };
  return { next, removed: gone.length };
}

async function thinEvents(tx: Queries, before: number, after: number): Promise<ThinSlice> {
  const found = await tx.all<OldEvent>(
    `SELECT event.id, event.epoch, epoch.host, event.seq, event.received_at AS at, event.body
     FROM event JOIN epoch ON epoch.id = event.epoch WHERE event.id > $1 ORDER BY event.id LIMIT $2`,
    [after, removed],
  );
  const old = found.filter(({ at }) => at < before);
  const latest = await latestOf(tx, old);
  const gone = old.filter(({ id }) => !latest.has(id));
  if (gone.length > 0) {
    await tx.all('DELETE FROM event WHERE id = ANY($1::BIGINT[])', [gone.map(({ id }) => id)]);
    await tx.all(
      `UPDATE epoch SET thinned_seq = greatest(thinned_seq, thinned.seq)
       FROM (SELECT epoch, max(seq) AS seq FROM (SELECT unnest($1::BIGINT[]) AS epoch, unnest($2::BIGINT[]) AS seq) AS each
             GROUP BY epoch) AS thinned WHERE epoch.id = thinned.epoch`,
      [gone.map(({ epoch }) => epoch), gone.map(({ seq }) => seq)],
    );
  }
  const last = found.at(-1);
  // They are in order of arrival: behind a slice without old ones there are none.
  const next: ThinPlace =
    old.length === 0 || !last ? { table: 'certificate', after: 0 } : { table: 'event', after: last.id };
  return { next, removed: gone.length };
}

/** Those that are the newest of their kind about their subject. */
async function latestOf(tx: Queries, events: readonly OldEvent[]): Promise<Set<number>> {
  const keys = events.map(({ host, body }) => {
    const { kind, subject }: Pick<Event, 'kind' | 'subject'> = JSON.parse(body);
    return { host, kind, subject: digestOf(subjectKey(subject)) };
  });
  const rows = await tx.all<{ event: number }>(
    `SELECT event FROM latest_event WHERE (host, kind, subject_digest) IN
       (SELECT unnest($1::BIGINT[]), unnest($2::TEXT[]), unnest($3::BYTEA[]))`,
    [keys.map(({ host }) => host), keys.map(({ kind }) => kind), keys.map(({ subject }) => subject)],
  );
  return new Set(rows.map(({ event }) => event));
}

async function thinCertificates(tx: Queries, before: number, after: number): Promise<ThinSlice> {
  const found = await tx.all<{ id: number; seen: number }>(
    'SELECT id, first_seen_at AS seen FROM certificate WHERE id > $1 ORDER BY id LIMIT $2',
    [after, looked],
  );
  const gone = await tx.all(
    `DELETE FROM certificate WHERE id = ANY($1::BIGINT[])
       AND NOT EXISTS (SELECT 1 FROM current_certificate WHERE current_certificate.certificate = certificate.id)
       AND NOT EXISTS (SELECT 1 FROM current_part WHERE current_part.certificate = certificate.id)
       AND NOT EXISTS (SELECT 1 FROM change WHERE change.certificate = certificate.id)
     RETURNING id`,
    [found.filter(({ seen }) => seen < before).map(({ id }) => id)],
  );
  const last = found.at(-1);
  const next: ThinPlace | undefined =
    found.length < looked || !last ? undefined : { table: 'certificate', after: last.id };
  return { next, removed: gone.length };
}

interface OldEvent {
  id: number;
  epoch: number;
  host: number;
  seq: number;
  at: number;
  body: string;
}
