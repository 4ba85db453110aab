import type { Event } from '@certherd/protocol/event';
import type { EventFacts } from '../facts.ts';
import { eventColumns, type KnownEpoch, missingBefore, type RawEvent, readEvent, subjectKey } from '../rows/event.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `epoch` and `event`. (agent, epoch, seq) is an event's identity: what is kept already is left alone. */
export function eventTable(sql: Sql) {
  const findEpoch = sql.prepare<[number, string], KnownEpoch>(
    'SELECT id, acked_seq, thinned_seq, restored FROM epoch WHERE host = ? AND name = ?',
  );
  const cameAgain = sql.prepare('UPDATE epoch SET restored = 0 WHERE id = ?');
  const addEpoch = sql.prepare('INSERT INTO epoch (host, name) VALUES (?, ?)');
  const ack = sql
    .prepare('UPDATE epoch SET acked_seq = max(acked_seq, ?), kept = kept + ? WHERE id = ? RETURNING acked_seq')
    .pluck();
  const insert = sql.prepare(
    'INSERT INTO event (epoch, seq, at, received_at, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (epoch, seq) DO NOTHING',
  );
  const note = sql.prepare(
    `INSERT INTO latest_event (host, kind, subject, event) VALUES (?, ?, ?, ?)
     ON CONFLICT (host, kind, subject) DO UPDATE SET event = excluded.event`,
  );
  const newest = sql.prepare<[number], RawEvent>(`${eventColumns} ORDER BY event.id DESC LIMIT ?`);
  const after = sql.prepare<[number, number], RawEvent>(`${eventColumns} WHERE event.id > ? ORDER BY event.id LIMIT ?`);
  const count = sql.prepare('SELECT coalesce(sum(kept), 0) FROM epoch').pluck();

  return {
    ackedSeq(host: number, epoch: string): number {
      return findEpoch.get(host, epoch)?.acked_seq ?? 0;
    },
    keep(host: number, epoch: string, events: readonly Event[], at: number): { ackedSeq: number; added: number } {
      const known = findEpoch.get(host, epoch);
      const id = known?.id ?? Number(addEpoch.run(host, epoch).lastInsertRowid);
      let added = 0;
      const [first] = events;
      if (first && (!known || known.restored === 1)) {
        const gap = missingBefore(first, known?.acked_seq ?? 0);
        if (gap) insert.run(id, gap.seq, Date.parse(gap.at), at, JSON.stringify(gap));
        if (known) cameAgain.run(id);
      }
      const last = new Map<string, [kind: string, subject: string, row: number | bigint]>();
      for (const event of events) {
        if (known && event.seq <= known.thinned_seq) continue;
        const { changes, lastInsertRowid } = insert.run(id, event.seq, Date.parse(event.at), at, JSON.stringify(event));
        added += changes;
        const subject = subjectKey(event.subject);
        if (changes === 1) last.set(`${event.kind} ${subject}`, [event.kind, subject, lastInsertRowid]);
      }
      for (const [kind, subject, row] of last.values()) note.run(host, kind, subject, row);
      return { ackedSeq: Number(ack.get(events.at(-1)?.seq ?? 0, added, id)), added };
    },
    /** Newest first. */
    newest: (limit: number): EventFacts[] => newest.all(limit).map(readEvent),
    /** In order of arrival. */
    after: (id: number, limit: number): EventFacts[] => after.all(id, limit).map(readEvent),
    count: (): number => Number(count.get()),
  };
}
