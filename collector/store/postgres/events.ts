import type { ToldEvent } from '../../receive/told-events.ts';
import type { EventFacts } from '../facts.ts';
import { eventColumns, missingBefore, type RawEvent, readEvent } from '../rows/event.ts';
import { digestOf } from './changes.ts';
import type { Queries } from './database.ts';

interface EpochRow {
  id: number;
  acked_seq: number;
  thinned_seq: number;
  begun: number;
}

/** What a session of this epoch goes on from. */
export async function beginEpoch(tx: Queries, host: number, name: string): Promise<number> {
  const row = await tx.one<{ acked_seq: number }>(
    'UPDATE epoch SET begun = 1 WHERE host = $1 AND name = $2 RETURNING acked_seq',
    [host, name],
  );
  return row?.acked_seq ?? 0;
}

/**
 * (agent, epoch, seq) is an event's identity: what is kept already is left alone. The host's row is locked. undefined: events before these are
 * not kept, and nothing is: only the first of a session may tell that they are lost.
 */
export async function keepEvents(
  tx: Queries,
  host: number,
  name: string,
  events: readonly ToldEvent[],
  at: number,
): Promise<{ ackedSeq: number; added: number } | undefined> {
  const epoch = (await epochOf(tx, host, name)) ?? (await addEpoch(tx, host, name));
  const [first] = events;
  const gap = first && missingBefore(first, epoch.acked_seq);
  if (gap && epoch.begun === 0) return undefined;
  const told = events.filter(({ seq }) => seq > epoch.thinned_seq);
  const known = await tx.all<{ seq: number }>('SELECT seq FROM event WHERE epoch = $1 AND seq = ANY($2::BIGINT[])', [
    epoch.id,
    [...(gap ? [gap] : []), ...told].map(({ seq }) => seq),
  ]);
  const seqs = new Set(known.map(({ seq }) => seq));
  const fresh = told.filter(({ seq }) => !seqs.has(seq));
  const list = gap && !seqs.has(gap.seq) ? [gap, ...fresh] : fresh;
  if (list.length > 0) await insert(tx, host, epoch.id, list, at, gap);
  const row = await tx.one<{ acked_seq: number }>(
    'UPDATE epoch SET acked_seq = greatest(acked_seq, $1), kept = kept + $2, begun = 0 WHERE id = $3 RETURNING acked_seq',
    [events.at(-1)?.seq ?? 0, fresh.length, epoch.id],
  );
  return { ackedSeq: row?.acked_seq ?? 0, added: fresh.length };
}

/** Newest first. */
export async function newestEventsOf(queries: Queries, limit: number): Promise<EventFacts[]> {
  return (await queries.all<RawEvent>(`${eventColumns} ORDER BY event.id DESC LIMIT $1`, [limit])).map(readEvent);
}

/** In order of arrival. */
export async function eventsAfter(queries: Queries, id: number, limit: number): Promise<EventFacts[]> {
  const sql = `${eventColumns} WHERE event.id > $1 ORDER BY event.id LIMIT $2`;
  return (await queries.all<RawEvent>(sql, [id, limit])).map(readEvent);
}

export async function countEvents(queries: Queries): Promise<number> {
  const row = await queries.one<{ n: number }>('SELECT CAST(coalesce(sum(kept), 0) AS BIGINT) AS n FROM epoch');
  return row?.n ?? 0;
}

function epochOf(tx: Queries, host: number, name: string): Promise<EpochRow | undefined> {
  return tx.one<EpochRow>('SELECT id, acked_seq, thinned_seq, begun FROM epoch WHERE host = $1 AND name = $2', [
    host,
    name,
  ]);
}

async function addEpoch(tx: Queries, host: number, name: string): Promise<EpochRow> {
  const row = await tx.one<{ id: number }>('INSERT INTO epoch (host, name) VALUES ($1, $2) RETURNING id', [host, name]);
  return { id: row?.id ?? 0, acked_seq: 0, thinned_seq: 0, begun: 1 };
}

/** Ids are in the order of commits: whoever reads on from one misses none, whichever collector keeps it. */
async function insert(
  tx: Queries,
  host: number,
  epoch: number,
  list: readonly ToldEvent[],
  at: number,
  gap: ToldEvent | undefined,
): Promise<void> {
  const counted = await tx.one<{ value: number }>(
    `UPDATE counter SET value = value + $1 WHERE name = 'event' RETURNING value`,
    [list.length],
  );
  const start = (counted?.value ?? 0) - list.length + 1;
  await tx.all(
    `INSERT INTO event (id, epoch, seq, at, received_at, body)
     SELECT unnest($1::BIGINT[]), CAST($2 AS BIGINT), unnest($3::BIGINT[]), unnest($4::BIGINT[]), CAST($5 AS BIGINT), unnest(string_to_array($6, $7))`,
    [
      list.map((_, index) => start + index),
      epoch,
      list.map(({ seq }) => seq),
      list.map((event) => event.at),
      at,
      // No JSON text that is kept has a line break in it. As an array each of its quotes would be escaped, and read again.
      list.map((event) => event.body).join('\n'),
      '\n',
    ],
  );
  const last = new Map<string, { kind: string; subject: Buffer; id: number }>();
  for (const [index, event] of list.entries()) {
    if (event === gap) continue;
    const { kind, subject } = event;
    last.set(`${kind} ${subject}`, { kind, subject: digestOf(subject), id: start + index });
  }
  const latest = [...last.values()];
  await tx.all(
    `INSERT INTO latest_event (host, kind, subject_digest, event)
     SELECT CAST($1 AS BIGINT), unnest($2::TEXT[]), unnest($3::BYTEA[]), unnest($4::BIGINT[])
     ON CONFLICT (host, kind, subject_digest) DO UPDATE SET event = excluded.event`,
    [host, latest.map(({ kind }) => kind), latest.map(({ subject }) => subject), latest.map(({ id }) => id)],
  );
}
