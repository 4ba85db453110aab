import type { Answer } from '../../receive/told-events.ts';
import { type RawRequest, readRequest, type RequestDraft, type RequestRow } from '../requests.ts';
import type { Sql } from './sqlite.ts';

const columns = `SELECT request.*, host.agent_id, host.name FROM request JOIN host ON host.id = host`;

/** Rows of `request`. Writing is for the group commit. */
export function requestTable(sql: Sql) {
  const insert = sql.prepare(
    `INSERT INTO request (id, key, host, verb, subject_kind, subject_id, requester, reason, asked_at, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  );
  const byKey = sql.prepare<[string], RawRequest>(`${columns} WHERE key = ?`);
  const byId = sql.prepare<[string], RawRequest>(`${columns} WHERE request.id = ?`);
  const waiting = sql.prepare<[number], RawRequest>(
    `${columns} WHERE ended_at IS NULL AND until > ? ORDER BY asked_at`,
  );
  const newest = sql.prepare<[number], RawRequest>(`${columns} ORDER BY asked_at DESC LIMIT ?`);
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
      return readRequest(row);
    },
    find: (id: string): RequestRow | undefined => {
      const row = byId.get(id);
      return row && readRequest(row);
    },
    /** Those without an answer that may still be begun, in the order of asking. */
    waiting: (now: number): RequestRow[] => waiting.all(now).map(readRequest),
    newest: (limit: number): RequestRow[] => newest.all(limit).map(readRequest),
    noteSent(id: string, at: number): void {
      sent.run(at, id);
    },
    /** An event that answers a request of this host ends it; another host's word about it does not. */
    answer(host: number, { request, ok, refused, summary }: Answer, at: number): void {
      end.run(at, ok ? 1 : 0, refused ?? null, summary, request, host);
    },
  };
}
