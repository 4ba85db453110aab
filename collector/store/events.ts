import type { Event } from '@certherd/protocol/event';
import type { Sql } from './sqlite.ts';
import type { EventFacts } from './facts.ts';

const columns = `SELECT event.id, host.agent_id, host.name AS host_name, epoch.name AS epoch, event.received_at, event.body
  FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host`;

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
  const newest = sql.prepare<[number], Raw>(`${columns} ORDER BY event.id DESC LIMIT ?`);
  const after = sql.prepare<[number, number], Raw>(`${columns} WHERE event.id > ? ORDER BY event.id LIMIT ?`);
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
    newest: (limit: number): EventFacts[] => newest.all(limit).map(read),
    /** In order of arrival. */
    after: (id: number, limit: number): EventFacts[] => after.all(id, limit).map(read),
    count: (): number => Number(count.get()),
  };
}

/** Of `latest_event.subject`. A kind holds no space. */
export function subjectKey({ kind, id }: Event['subject']): string {
  return `${kind} ${id}`;
}

/**
 * Another database had acknowledged what lies between, so that the agent has dropped it: this one was restored from an older backup, or
 * is another collector's. A hole that the agent itself explains is its own.
 */
function missingBefore(first: Event, ackedSeq: number): Event | undefined {
  const lost = first.seq - 1 - ackedSeq;
  if (lost <= 0 || first.kind === 'gap') return undefined;
  return {
    seq: first.seq - 1,
    at: first.at,
    kind: 'gap',
    subject: { kind: 'host', id: '' },
    ok: false,
    summary: `${lost} event(s) are missing here: a newer database than this one had acknowledged them`,
    detail: { lost: String(lost), missing: `${ackedSeq + 1} to ${first.seq - 1}`, by: 'collector' },
    steps: [],
  };
}

interface KnownEpoch {
  id: number;
  acked_seq: number;
  /** Events up to this one may have been thinned: what comes of them again is not kept again. */
  thinned_seq: number;
  restored: number;
}

interface Raw {
  id: number;
  agent_id: string;
  host_name: string;
  epoch: string;
  received_at: number;
  body: string;
}

function read(raw: Raw): EventFacts {
  return {
    id: raw.id,
    agentId: raw.agent_id,
    hostName: raw.host_name,
    epoch: raw.epoch,
    receivedAt: raw.received_at,
    event: JSON.parse(raw.body),
  };
}
