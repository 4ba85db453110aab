import {
  type LogRow,
  type LogState,
  type LoggedDraft,
  type LoggedRow,
  mostLogged,
  type RawLogged,
  readLogged,
  type Transparency,
} from '../transparency.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Sql } from './sqlite.ts';

/** What the store offers of transparency logs: rows of `transparency_log` and `logged_certificate`. */
export function transparencyTables(sql: Sql, group: Pick<GroupCommit, 'keep'>): Transparency {
  const logs = sql.prepare<[], { log: string; state: string }>('SELECT log, state FROM transparency_log ORDER BY log');
  const note = sql.prepare(
    'INSERT INTO transparency_log (log, state) VALUES (?, ?) ON CONFLICT (log) DO UPDATE SET state = excluded.state',
  );
  const put = sql.prepare(
    `INSERT INTO logged_certificate (id, issuer, serial, not_before, not_after, names, logged_at, log, entry, fingerprint)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET fingerprint = coalesce(logged_certificate.fingerprint, excluded.fingerprint)`,
  );
  const isHeld = `certificate.proved = 1 AND (
    EXISTS (SELECT 1 FROM host WHERE host.id = certificate.first_seen_by AND host.revoked_at IS NULL)
    OR EXISTS (SELECT 1 FROM current_certificate AS current JOIN host ON host.id = current.host
      WHERE current.certificate = certificate.id AND host.revoked_at IS NULL))`;
  const markHeld = sql.prepare(
    `UPDATE logged_certificate AS logged SET held = 1 WHERE held = 0 AND (
       EXISTS (SELECT 1 FROM certificate WHERE fingerprint = unhex(logged.fingerprint) AND ${isHeld})
       OR EXISTS (SELECT 1 FROM certificate WHERE not_after = logged.not_after
         AND instr(body, '"serialNumber":"' || logged.serial || '"') > 0
         AND instr(body, '"issuer":' || logged.issuer) > 0 AND ${isHeld}))`,
  );
  // By no later time than a log itself has told: what a clock that is ahead removed would not be read again.
  const dropEnded = sql.prepare(
    'DELETE FROM logged_certificate WHERE not_after < min(?, (SELECT max(logged_at) FROM logged_certificate))',
  );
  const dropOldest = sql.prepare<[], { held: number }>(
    `DELETE FROM logged_certificate WHERE id IN
       (SELECT id FROM logged_certificate ORDER BY held, logged_at DESC, id LIMIT -1 OFFSET ${mostLogged}) RETURNING held`,
  );
  const forget = sql.prepare('DELETE FROM transparency_log WHERE log = ?');
  const all = sql.prepare<[], RawLogged>('SELECT * FROM logged_certificate ORDER BY logged_at DESC, id');
  const unheld = sql.prepare<[], RawLogged>(
    'SELECT * FROM logged_certificate WHERE held = 0 ORDER BY logged_at DESC, id',
  );
  const known = (): LogRow[] => logs.all().map(({ log, state }) => ({ log, state: JSON.parse(state) }));

  return {
    logs: async () => known(),
    keep: (log: string, state: LogState, found: readonly LoggedDraft[]) =>
      group.keep(() => {
        note.run(log, JSON.stringify(state));
        for (const one of found) {
          const { id, issuer, serialNumber, notBefore, notAfter, names, loggedAt, entry, fingerprint } = one;
          const list = JSON.stringify(names);
          put.run(
            id,
            JSON.stringify(issuer),
            serialNumber,
            notBefore,
            notAfter,
            list,
            loggedAt,
            one.log,
            entry,
            fingerprint ?? null,
          );
        }
      }),
    settle: (endedBefore) =>
      group.keep(() => {
        const { changes } = markHeld.run();
        dropEnded.run(endedBefore);
        return { held: changes, lost: dropOldest.all().filter(({ held }) => held === 0).length };
      }),
    keepOnly: (wanted) =>
      group.keep(() => {
        for (const { log } of known()) if (!wanted.includes(log)) forget.run(log);
      }),
    certificates: async (which): Promise<LoggedRow[]> => (which === 'all' ? all : unheld).all().map(readLogged),
  };
}
