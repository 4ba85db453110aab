import type { Answer } from '../../receive/told-events.ts';
import { type RawRequest, readRequest, type RequestDraft, type RequestRow } from '../requests.ts';
import type { Queries } from './database.ts';

const columns = `SELECT request.*, host.agent_id, host.name FROM request JOIN host ON host.id = request.host`;

/** Rows of `request`. */
export const requests = {
  /** The row that is there now: another one, where its key was used before. */
  async add(tx: Queries, host: number, draft: RequestDraft): Promise<RequestRow> {
    const { id, key, verb, subject, requester, reason, askedAt, until } = draft;
    await tx.all(
      `INSERT INTO request (id, key, host, verb, subject_kind, subject_id, requester, reason, asked_at, until)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING`,
      [id, key ?? null, host, verb, subject.kind, subject.id, requester, reason, askedAt, until],
    );
    const row =
      (await tx.one<RawRequest>(`${columns} WHERE request.id = $1`, [id])) ??
      (await tx.one<RawRequest>(`${columns} WHERE request.key = $1`, [key ?? null]));
    if (!row) throw new Error('the request was not kept');
    return readRequest(row);
  },

  async find(queries: Queries, id: string): Promise<RequestRow | undefined> {
    const row = await queries.one<RawRequest>(`${columns} WHERE request.id = $1`, [id]);
    return row && readRequest(row);
  },

  /** Those without an answer that may still be begun, in the order of asking. */
  async waiting(queries: Queries, now: number): Promise<RequestRow[]> {
    const sql = `${columns} WHERE request.ended_at IS NULL AND request.until > $1 ORDER BY request.asked_at`;
    return (await queries.all<RawRequest>(sql, [now])).map(readRequest);
  },

  async newest(queries: Queries, limit: number): Promise<RequestRow[]> {
    const sql = `${columns} ORDER BY request.asked_at DESC LIMIT $1`;
    return (await queries.all<RawRequest>(sql, [limit])).map(readRequest);
  },

  async noteSent(tx: Queries, id: string, at: number): Promise<void> {
    await tx.all('UPDATE request SET sent_at = $1 WHERE id = $2 AND ended_at IS NULL', [at, id]);
  },

  /** An event that answers a request of this host ends it; another host's word about it does not. */
  async answer(tx: Queries, host: number, { request, ok, refused, summary }: Answer, at: number): Promise<void> {
    await tx.all(
      `UPDATE request SET ended_at = $1, ok = $2, refused = $3, summary = $4
       WHERE id = $5 AND host = $6 AND ended_at IS NULL`,
      [at, ok ? 1 : 0, refused ?? null, summary, request, host],
    );
  },
};
