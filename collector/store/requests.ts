import type { Event } from '@certherd/protocol/event';
import type { RequestedVerb } from '@certherd/protocol/frame';
import type { Subject } from '@certherd/protocol/finding';
import type { Sql } from './sqlite.ts';

/** What somebody asked of a host, and what came of it. Instants are milliseconds since 1970. */
export interface RequestRow {
  /** A UUID. */
  id: string;
  agentId: string;
  hostName: string;
  verb: RequestedVerb;
  subject: Subject;
  requester: string;
  reason: string;
  askedAt: number;
  /** Not to be begun later. */
  until: number;
  /** When a session last took it; undefined: never. */
  sentAt: number | undefined;
  answer: { at: number; ok: boolean; refused: string | undefined; summary: string } | undefined;
}

/** A request before it is kept. */
export type RequestDraft = Omit<RequestRow, 'hostName' | 'sentAt' | 'answer'> & {
  /** The same key again is the same request. */
  key: string | undefined;
};

const columns = `SELECT request.*, host.agent_id, host.name FROM request JOIN host ON host.id = host`;

/** Rows of `request`. Writing is for the group commit. */
export function requestTable(sql: Sql) {
  const insert = sql.prepare(
    `INSERT INTO request (id, key, host, verb, subject_kind, subject_id, requester, reason, asked_at, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  );
  const byKey = sql.prepare<[string], Raw>(`${columns} WHERE key = ?`);
  const byId = sql.prepare<[string], Raw>(`${columns} WHERE request.id = ?`);
  const waiting = sql.prepare<[number], Raw>(`${columns} WHERE ended_at IS NULL AND until > ? ORDER BY asked_at`);
  const newest = sql.prepare<[number], Raw>(`${columns} ORDER BY asked_at DESC LIMIT ?`);
  const sent = sql.prepare('UPDATE request SET sent_at = ? WHERE id = ? AND ended_at IS NULL');
  const end = sql.prepare(
    'UPDATE request SET ended_at = ?, ok = ?, refused = ?, summary = ? WHERE id = ? AND host = ? AND ended_at IS NULL',
  );

  return {
    /** The row that is there now: another one, where its key was used before. */
    add(host: number, draft: RequestDraft): RequestRow {
      const { id, key, verb, subject, requester, reason, askedAt, until } = draft;
      insert.run(id, key ?? null, host, verb, subject.kind, subject.id, requester, reason, askedAt, until);
      const row = byId.get(id) ?? (key === undefined ? undefined : byKey.get(key));
      if (!row) throw new Error('the request was not kept');
      return read(row);
    },
    find: (id: string): RequestRow | undefined => {
      const row = byId.get(id);
      return row && read(row);
    },
    /** Those without an answer that may still be begun, in the order of asking. */
    waiting: (now: number): RequestRow[] => waiting.all(now).map(read),
    newest: (limit: number): RequestRow[] => newest.all(limit).map(read),
    noteSent(id: string, at: number): void {
      sent.run(at, id);
    },
    /** An event that answers a request of this host ends it; another host's word about it does not. */
    answer(host: number, { detail, ok, summary }: Event, at: number): void {
      const id = detail['request'];
      if (id !== undefined) end.run(at, ok ? 1 : 0, detail['refused'] ?? null, summary, id, host);
    },
  };
}

interface Raw {
  id: string;
  agent_id: string;
  name: string;
  verb: RequestedVerb;
  subject_kind: Subject['kind'];
  subject_id: string;
  requester: string;
  reason: string;
  asked_at: number;
  until: number;
  sent_at: number | null;
  ended_at: number | null;
  ok: number | null;
  refused: string | null;
  summary: string | null;
}

function read(raw: Raw): RequestRow {
  const { id, verb, requester, reason, until } = raw;
  return {
    id,
    agentId: raw.agent_id,
    hostName: raw.name,
    verb,
    subject: { kind: raw.subject_kind, id: raw.subject_id },
    requester,
    reason,
    askedAt: raw.asked_at,
    until,
    sentAt: raw.sent_at ?? undefined,
    answer:
      raw.ended_at === null
        ? undefined
        : { at: raw.ended_at, ok: raw.ok === 1, refused: raw.refused ?? undefined, summary: raw.summary ?? '' },
  };
}
