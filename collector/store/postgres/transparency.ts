import {
  type LoggedDraft,
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

const isHeld = `certificate.proved = 1 AND (
  EXISTS (SELECT 1 FROM host WHERE host.id = certificate.first_seen_by AND host.revoked_at IS NULL)
  OR EXISTS (SELECT 1 FROM current_certificate AS current JOIN host ON host.id = current.host
    WHERE current.certificate = certificate.id AND host.revoked_at IS NULL))`;

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
        const rows = onceEach(found);
        if (rows.length === 0) return;
        await tx.all(
          `INSERT INTO logged_certificate
             (id, issuer, serial, not_before, not_after, names, logged_at, log, entry, fingerprint)
           SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[],
             $6::TEXT[], $7::BIGINT[], $8::TEXT[], $9::BIGINT[], $10::TEXT[])
           ON CONFLICT (id) DO UPDATE SET fingerprint = coalesce(logged_certificate.fingerprint, excluded.fingerprint)`,
          [
            rows.map(({ id }) => id),
            rows.map(({ issuer }) => JSON.stringify(issuer)),
            rows.map(({ serialNumber }) => serialNumber),
            rows.map(({ notBefore }) => notBefore),
            rows.map(({ notAfter }) => notAfter),
            rows.map(({ names }) => JSON.stringify(names)),
            rows.map(({ loggedAt }) => loggedAt),
            rows.map((one) => one.log),
            rows.map(({ entry }) => entry),
            rows.map(({ fingerprint }) => fingerprint ?? null),
          ],
        );
      }),
    settle: (endedBefore) =>
      group.keep(async (tx) => {
        const marked = await tx.all(
          `UPDATE logged_certificate SET held = 1 WHERE held = 0 AND (
             EXISTS (SELECT 1 FROM certificate WHERE certificate.fingerprint = decode(logged_certificate.fingerprint, 'hex') AND ${isHeld})
             OR EXISTS (SELECT 1 FROM certificate WHERE certificate.not_after = logged_certificate.not_after
               AND strpos(body, '"serialNumber":"' || logged_certificate.serial || '"') > 0
               AND strpos(body, '"issuer":' || logged_certificate.issuer) > 0 AND ${isHeld}))
           RETURNING id`,
          [],
        );
        // By no later time than a log itself has told: what a clock that is ahead removed would not be read again.
        await tx.all(
          'DELETE FROM logged_certificate WHERE not_after < least($1, (SELECT max(logged_at) FROM logged_certificate))',
          [endedBefore],
        );
        const dropped = await tx.all<{ held: number }>(
          `DELETE FROM logged_certificate WHERE id IN
             (SELECT id FROM logged_certificate ORDER BY held, logged_at DESC, id OFFSET ${mostLogged}) RETURNING held`,
          [],
        );
        const lost = dropped.filter(({ held }) => held === 0).length;
        if (marked.length > 0 || lost > 0) tx.changed('targets');
        return { held: marked.length, lost };
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

/** One statement changes a row once: a certificate that is there twice is its first entry, with the fingerprint of any. */
function onceEach(found: readonly LoggedDraft[]): LoggedDraft[] {
  const rows = new Map<string, LoggedDraft>();
  for (const one of found) {
    const first = rows.get(one.id);
    const fingerprint = first?.fingerprint ?? one.fingerprint;
    rows.set(one.id, { ...(first ?? one), ...(fingerprint !== undefined && { fingerprint }) });
  }
  return [...rows.values()];
}
