import type { Change, EndpointStay, Stay } from '../facts.ts';
import {
  findingText,
  historyOf,
  type RawChange,
  type RawEndpointStay,
  type RawStay,
  readEndpointStay,
  readStay,
  stayKinds,
} from '../rows/change.ts';
import type { Sql } from './sqlite.ts';

/**
 * Rows of `track` and `change`: append-only history. A track is one thing of one host that changes (an endpoint's served certificate, a
 * finding); a row says what it is from then on, and what it was before is the row before.
 */
export function changeTable(sql: Sql) {
  const findTrack = sql
    .prepare<[number, string, string], number>('SELECT id FROM track WHERE host = ? AND kind = ? AND subject = ?')
    .pluck();
  const addTrack = sql.prepare('INSERT INTO track (host, kind, subject) VALUES (?, ?, ?)');
  const lastAt = sql.prepare<[number], number | null>('SELECT max(at) FROM change WHERE track = +?').pluck();
  const insert = sql.prepare('INSERT INTO change (track, at, certificate, finding, since) VALUES (?, ?, ?, ?, ?)');
  const certificateId = sql.prepare<[Buffer], number>('SELECT id FROM certificate WHERE fingerprint = ?').pluck();
  const findText = sql.prepare<[Buffer], number>('SELECT id FROM finding_text WHERE digest = ?').pluck();
  const addText = sql.prepare('INSERT INTO finding_text (digest, body) VALUES (?, ?)');
  const ofHost = sql.prepare<[{ host: number; since: number }], RawChange>(
    // States in the order in which a certificate reaches them, then findings.
    `SELECT at, kind, subject, lower(hex(fingerprint)) AS fingerprint, finding_text.body, since,
       CASE kind WHEN 'endpoint-issued' THEN 1 WHEN 'endpoint-configured' THEN 2 WHEN 'endpoint-served' THEN 3 ELSE 4 END
     FROM track
       CROSS JOIN change ON change.track = track.id AND change.at >= coalesce(
         (SELECT before.at FROM change AS before WHERE before.track = track.id AND before.at < $since ORDER BY before.at DESC LIMIT 1),
         $since)
       LEFT JOIN certificate ON certificate.id = certificate
       LEFT JOIN finding_text ON finding_text.id = finding
     WHERE host = $host
     UNION ALL
     SELECT first_seen_at, 'certificate-seen', lower(hex(fingerprint)), lower(hex(fingerprint)), NULL, NULL, 0
       FROM certificate WHERE first_seen_by = $host AND first_seen_at >= $since
     ORDER BY at, 7, subject`,
  );
  const stays = sql.prepare<[Buffer], RawStay>(
    `SELECT agent_id, name, track.kind, subject, at,
       (SELECT min(next.at) FROM change AS next WHERE next.track = change.track AND next.at > change.at) AS until
     FROM change JOIN track ON track.id = track JOIN host ON host.id = host
     WHERE certificate = (SELECT id FROM certificate WHERE fingerprint = ?) ORDER BY at DESC LIMIT 10000`,
  );
  const endpointStays = sql.prepare<[string, string], RawEndpointStay>(
    `SELECT kind, lower(hex(fingerprint)) AS fingerprint, at,
       (SELECT min(next.at) FROM change AS next WHERE next.track = change.track AND next.at > change.at) AS until
     FROM track JOIN change ON change.track = track.id JOIN certificate ON certificate.id = certificate
     WHERE host = (SELECT id FROM host WHERE agent_id = ?) AND kind IN (${stayKinds}) AND subject = ?
     ORDER BY at DESC, kind LIMIT 1000`,
  );

  return {
    /** A row that would lie before its track's last one, because the clock was set back, goes a millisecond behind that. */
    add(host: number, at: number, changes: readonly Change[]): void {
      for (const change of changes) {
        const kind = change.kind.startsWith('finding-') ? 'finding' : change.kind;
        const known = findTrack.get(host, kind, change.subject);
        const track = known ?? Number(addTrack.run(host, kind, change.subject).lastInsertRowid);
        const last = known === undefined ? undefined : lastAt.get(track);
        const place = Math.max(at, (last ?? 0) + 1);
        if (change.after === undefined) insert.run(track, place, null, null, null);
        else if (kind === 'finding') insert.run(track, place, null, ...textOf(change.after));
        else insert.run(track, place, certificateId.get(Buffer.from(change.after, 'hex')) ?? null, null, null);
      }
    },
    /** Oldest first: what came at or after `since`, and the last row before it of each track. `before` of a track's first row here is not known. */
    ofHost(host: number, since: number): (Change & { at: number })[] {
      return historyOf(ofHost.all({ host, since }));
    },
    /** Where a certificate was issued, configured and served, and from when to when; newest first, at most 10,000. */
    stays(fingerprint: string): Stay[] {
      return stays.all(Buffer.from(fingerprint, 'hex')).map(readStay);
    },
    /** The same of one endpoint, at most 1,000. */
    endpointStays(agentId: string, endpoint: string): EndpointStay[] {
      return endpointStays.all(agentId, endpoint).map(readEndpointStay);
    },
  };

  /** A finding that comes again says the same, but for its `since`. */
  function textOf(finding: string): [text: number, since: number] {
    const { body, digest, since } = findingText(finding);
    return [findText.get(digest) ?? Number(addText.run(digest, body).lastInsertRowid), since];
  }
}
