import {
  type LoggedRow,
  mostLogged,
  type RawLogged,
  readLogged,
  standsOtherwise,
  type Transparency,
} from '../transparency.ts';
import type { Kept } from '../kept.ts';
import type { Database } from './database.ts';
import type { Tx } from './group-commit.ts';

interface Group {
  keep: <T>(work: (tx: Tx) => Promise<T>) => Promise<Kept<T>>;
}

/** What the store offers of transparency logs: rows of `transparency_log` and `logged_certificate`. */
export function sharedTransparency(group: Group, database: Database): Transparency {
  return {
    async logs() {
      const rows = await database.all<{ log: string; state: string }>('SELECT log, state FROM transparency_log');
      return rows.map(({ log, state }) => ({ log, state: JSON.parse(state) })).sort((a, b) => (a.log < b.log ? -1 : 1));
    },
    keep: (log, state, found) =>
      group.keep(async (tx) => {
        const [known] = await tx.all<{ state: string }>('SELECT state FROM transparency_log WHERE log = $1', [log]);
        if (found.length > 0 || standsOtherwise(known && JSON.parse(known.state), state)) tx.changed('targets');
        await tx.all(
          `INSERT INTO transparency_log (log, state) VALUES ($1, $2)
           ON CONFLICT (log) DO UPDATE SET state = excluded.state`,
          [log, JSON.stringify(state)],
        );
        for (const one of found)
          await tx.all(
            `INSERT INTO logged_certificate
               (id, issuer, serial, not_before, not_after, names, logged_at, log, entry, fingerprint)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (id) DO UPDATE SET fingerprint = coalesce(logged_certificate.fingerprint, excluded.fingerprint)`,
            [
              one.id,
              JSON.stringify(one.issuer),
              one.serialNumber,
              one.notBefore,
              one.notAfter,
              JSON.stringify(one.names),
              one.loggedAt,
              one.log,
              one.entry,
              one.fingerprint ?? null,
            ],
          );
      }),
    settle: (endedBefore) =>
      group.keep(async (tx) => {
        const marked = await tx.all(
          `UPDATE logged_certificate SET held = 1 WHERE held = 0 AND (
             EXISTS (SELECT 1 FROM certificate WHERE certificate.fingerprint = decode(logged_certificate.fingerprint, 'hex'))
             OR EXISTS (SELECT 1 FROM certificate WHERE certificate.not_after = logged_certificate.not_after
               AND strpos(body, '"serialNumber":"' || logged_certificate.serial || '"') > 0
               AND strpos(body, '"issuer":' || logged_certificate.issuer) > 0))
           RETURNING id`,
          [],
        );
        await tx.all('DELETE FROM logged_certificate WHERE not_after < $1', [endedBefore]);
        await tx.all(
          `DELETE FROM logged_certificate WHERE logged_at <
             (SELECT logged_at FROM logged_certificate ORDER BY logged_at DESC LIMIT 1 OFFSET ${mostLogged - 1})`,
          [],
        );
        if (marked.length > 0) tx.changed('targets');
        return marked.length;
      }),
    keepOnly: (wanted) =>
      group.keep(async (tx) => {
        await tx.all('DELETE FROM transparency_log WHERE NOT (log = ANY($1::TEXT[]))', [[...wanted]]);
      }),
    async certificates(which): Promise<LoggedRow[]> {
      const rows = await database.all<RawLogged>(
        `SELECT * FROM logged_certificate ${which === 'all' ? '' : 'WHERE held = 0'} ORDER BY logged_at DESC, id`,
      );
      return rows.map(readLogged);
    },
  };
}
