import type { EventFacts } from '../facts.ts';
import type { ToldEvent } from '../../receive/told-events.ts';
import { eventColumns, type KnownEpoch, missingBefore, type RawEvent, readEvent } from '../rows/event.ts';
import type { Sql } from './sqlite.ts';

/** Rows that one statement adds at most: a statement of its own costs a row a quarter more. */
const mostTogether = 32;

/** Rows of `epoch` and `event`. (agent, epoch, seq) is an event's identity: what is kept already is left alone. */
export function eventTable(sql: Sql) {
  const findEpoch = sql.prepare<[number, string], KnownEpoch>(
    'SELECT id, acked_seq, thinned_seq, restored FROM epoch WHERE host = ? AND name = ?',
  );
  const begin = sql
    .prepare<[number, string], number>('UPDATE epoch SET restored = 1 WHERE host = ? AND name = ? RETURNING acked_seq')
    .pluck();
  const cameAgain = sql.prepare('UPDATE epoch SET restored = 0 WHERE id = ?');
  const addEpoch = sql.prepare('INSERT INTO epoch (host, name) VALUES (?, ?)');
  const ack = sql.prepare('UPDATE epoch SET acked_seq = ?, kept = kept + ? WHERE id = ?');
  const insert = sql.prepare(
    'INSERT INTO event (epoch, seq, at, received_at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (epoch, seq) DO NOTHING',
  );
  /** The first adds one row, the next two, and so on. */
  const insertTogether = Array.from({ length: mostTogether }, (_, more) =>
    sql.prepare(
      `INSERT INTO event (epoch, seq, at, received_at, body) VALUES (@epoch, ?, ?, @receivedAt, ?)${', (@epoch, ?, ?, @receivedAt, ?)'.repeat(more)}`,
    ),
  );
  const note = sql.prepare(
    `INSERT INTO latest_event (host, kind, subject, event) VALUES (?, ?, ?, ?)
     ON CONFLICT (host, kind, subject) DO UPDATE SET event = excluded.event`,
  );
  const newest = sql.prepare<[number], RawEvent>(`${eventColumns} ORDER BY event.id DESC LIMIT +?`);
  const after = sql.prepare<[number, number], RawEvent>(
    `${eventColumns} WHERE event.id > ? ORDER BY event.id LIMIT +?`,
  );
  const count = sql.prepare('SELECT coalesce(sum(kept), 0) FROM epoch').pluck();

  return {
    /** What a session of this epoch goes on from. Its first events may tell a hole: the file may have been put back to an earlier time. */
    begin(host: number, epoch: string): number {
      return begin.get(host, epoch) ?? 0;
    },
    keep(host: number, epoch: string, events: readonly ToldEvent[], at: number): { ackedSeq: number; added: number } {
      const known = findEpoch.get(host, epoch);
      const id = known?.id ?? Number(addEpoch.run(host, epoch).lastInsertRowid);
      const acked = known?.acked_seq ?? 0;
      const [first] = events;
      if (first && (!known || known.restored === 1)) {
        const gap = missingBefore(first, acked);
        if (gap) addOne(id, gap, at);
        if (known) cameAgain.run(id);
      }
      const rows: EventRow[] = [];
      const fresh = events.filter(({ seq }) => seq > acked);
      // What was acknowledged may be kept, or thinned, or have been lost on the way.
      for (const event of events.slice(0, events.length - fresh.length)) {
        if (known && event.seq <= known.thinned_seq) continue;
        const row = addOne(id, event, at);
        if (row !== undefined) rows.push({ event, row });
      }
      for (let from = 0; from < fresh.length; from += mostTogether)
        addTogether(id, fresh.slice(from, from + mostTogether), at, rows);
      noteLatest(host, rows);
      const ackedSeq = Math.max(acked, events.at(-1)?.seq ?? 0);
      ack.run(ackedSeq, rows.length, id);
      return { ackedSeq, added: rows.length };
    },
    /** Newest first. */
    newest: (limit: number): EventFacts[] => newest.all(limit).map(readEvent),
    /** In order of arrival. */
    after: (id: number, limit: number): EventFacts[] => after.all(id, limit).map(readEvent),
    count: (): number => Number(count.get()),
  };

  /** undefined: it is there already. */
  function addOne(epoch: number, { seq, at, body }: ToldEvent, receivedAt: number): number | undefined {
    const { changes, lastInsertRowid } = insert.run(epoch, seq, at, receivedAt, body);
    return changes === 1 ? Number(lastInsertRowid) : undefined;
  }

  /** Events beyond what was acknowledged, of which none is there. One writer at a time: their ids follow each other. */
  function addTogether(epoch: number, events: readonly ToldEvent[], receivedAt: number, rows: EventRow[]): void {
    const values: unknown[] = [];
    for (const { seq, at, body } of events) values.push(seq, at, body);
    const last = Number(insertTogether[events.length - 1]?.run({ epoch, receivedAt }, values).lastInsertRowid);
    for (const [index, event] of events.entries()) rows.push({ event, row: last - events.length + 1 + index });
  }

  function noteLatest(host: number, rows: readonly EventRow[]): void {
    const noted = new Set<string>();
    for (const { event, row } of rows.toReversed()) {
      const { kind, subject } = event;
      const key = `${kind} ${subject}`;
      if (noted.has(key)) continue;
      noted.add(key);
      note.run(host, kind, subject, row);
    }
  }
}

interface EventRow {
  event: ToldEvent;
  row: number;
}
