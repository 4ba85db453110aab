import type { Event } from '@certherd/protocol/event';
import type { ThinPlace, ThinSlice } from '../retention.ts';
import type { Sql } from './sqlite.ts';
import { subjectKey } from '../../receive/told-events.ts';

/** Rows that a slice looks at, and removes at most: a few milliseconds. Tracks with nothing to remove cost two reads of an index each. */
const lookedTracks = 512;
const looked = 128;
const removed = 32;

/**
 * Removes history that is over before an instant. Of each track the newest row before it stays, so that what was then is still known, and its
 * last change always; of each subject the newest event of each kind; of certificates all that is current or that the history still names. For the group
 * commit: each slice is small, and what waits beside it has its turn.
 */
export function thinning(sql: Sql) {
  const newestTrack = sql.prepare<[], number | null>('SELECT max(id) FROM track').pluck();
  const tracks = sql
    .prepare<[{ after: number; last: number; before: number }], number>(
      `SELECT id FROM track WHERE id > $after AND id <= $last
         AND (SELECT at FROM change WHERE change.track = track.id AND at < $before ORDER BY at LIMIT 1 OFFSET 1) IS NOT NULL
       ORDER BY id`,
    )
    .pluck();
  const dropChanges = sql
    .prepare<[{ track: number; before: number; limit: number }], number | null>(
      `DELETE FROM change WHERE track = $track AND at IN (
         SELECT at FROM change WHERE track = $track
           AND at < (SELECT max(at) FROM change WHERE track = $track AND at < $before) ORDER BY at LIMIT $limit)
       RETURNING finding`,
    )
    .pluck();
  const dropText = sql.prepare(
    'DELETE FROM finding_text WHERE id = $id AND NOT EXISTS (SELECT 1 FROM change WHERE finding = $id)',
  );
  const events = sql.prepare<[number], OldEvent>(
    `SELECT event.id, epoch, host, seq, received_at AS at, body FROM event JOIN epoch ON epoch.id = epoch
     WHERE event.id > ? ORDER BY event.id LIMIT ${removed}`,
  );
  const latest = sql
    .prepare<[number, string, string], number>(
      'SELECT event FROM latest_event WHERE host = ? AND kind = ? AND subject = ?',
    )
    .pluck();
  const dropEvent = sql.prepare('DELETE FROM event WHERE id = ?');
  const noteThinned = sql.prepare('UPDATE epoch SET thinned_seq = max(thinned_seq, ?) WHERE id = ?');
  const certificates = sql.prepare<[number], { id: number; seen: number }>(
    `SELECT id, first_seen_at AS seen FROM certificate WHERE id > ? ORDER BY id LIMIT ${looked}`,
  );
  const dropCertificate = sql.prepare(
    `DELETE FROM certificate WHERE id = $id
       AND NOT EXISTS (SELECT 1 FROM current_certificate WHERE certificate = $id)
       AND NOT EXISTS (SELECT 1 FROM current_part WHERE certificate = $id)
       AND NOT EXISTS (SELECT 1 FROM change WHERE certificate = $id)`,
  );
  const newest = sql
    .prepare<[], number | null>(
      `SELECT max(at) FROM (SELECT max(heard_at) AS at FROM host UNION ALL SELECT max(received_at) FROM current_snapshot
         UNION ALL SELECT received_at FROM event WHERE id = (SELECT max(id) FROM event))`,
    )
    .pluck();
  const pragma = (name: string) => Number(sql.pragma(name, { simple: true }));

  return {
    /** What the rows take, without the room that removed ones left for new ones; a handful of page reads. */
    usedBytes: () => (pragma('page_count') - pragma('freelist_count')) * pragma('page_size'),
    /** When an agent was last heard, by the clock of then; undefined: none was. */
    newestAt: () => newest.get() ?? undefined,
    slice(before: number, { table, after }: ThinPlace): ThinSlice {
      if (table === 'change') return thinChanges(before, after);
      return table === 'event' ? thinEvents(before, after) : thinCertificates(before, after);
    },
  };

  function thinChanges(before: number, after: number): ThinSlice {
    let left = removed;
    let place = after;
    const last = after + lookedTracks;
    for (const track of tracks.all({ after, last, before })) {
      const findings = dropChanges.all({ track, before, limit: left });
      for (const id of new Set(findings)) if (id !== null) dropText.run({ id });
      left -= findings.length;
      // A long track may hold more than one slice removes.
      if (left === 0) return { next: { table: 'change', after: place }, removed };
      place = track;
    }
    const isOver = last >= (newestTrack.get() ?? 0);
    const next: ThinPlace = isOver ? { table: 'event', after: 0 } : { table: 'change', after: last };
    return { next, removed: removed - left };
  }

  function thinEvents(before: number, after: number): ThinSlice {
    const found = events.all(after);
    const old = found.filter(({ at }) => at < before);
    const gone = old.filter((event) => !isLatest(event));
    for (const { id, epoch, seq } of gone) {
      dropEvent.run(id);
      noteThinned.run(seq, epoch);
    }
    const last = found.at(-1);
    // They are in order of arrival: behind a slice without old ones there are none.
    const next: ThinPlace =
      old.length === 0 || !last ? { table: 'certificate', after: 0 } : { table: 'event', after: last.id };
    return { next, removed: gone.length };
  }

  function isLatest({ id, host, body }: OldEvent): boolean {
    const { kind, subject }: Pick<Event, 'kind' | 'subject'> = JSON.parse(body);
    return latest.get(host, kind, subjectKey(subject)) === id;
  }

  function thinCertificates(before: number, after: number): ThinSlice {
    const found = certificates.all(after);
    let gone = 0;
    for (const { id, seen } of found) if (seen < before) gone += dropCertificate.run({ id }).changes;
    const last = found.at(-1);
    const next: ThinPlace | undefined =
      found.length < looked || !last ? undefined : { table: 'certificate', after: last.id };
    return { next, removed: gone };
  }
}

interface OldEvent {
  id: number;
  epoch: number;
  host: number;
  seq: number;
  at: number;
  body: string;
}
