import type { Certificate } from '@certherd/protocol/certificate';
import type { SnapshotFrame } from '@certherd/protocol/frame';
import type { Topic } from '../../receive/records.ts';
import { certificateTable } from './certificates.ts';
import { changeTable } from './changes.ts';
import { changesBetween, type Part, partsByKey, partsOf } from '../compare.ts';
import type { Sql } from './sqlite.ts';
import type { SnapshotFacts } from '../facts.ts';
import { addPart, emptyFacts, keptLook, msAhead, type RawPart, type RawSnapshot, topicOf } from '../rows/snapshot.ts';

/** Current state: what each host's latest snapshot says. Replacing writes only what differs. */
export function snapshotTable(sql: Sql) {
  const certificates = certificateTable(sql);
  const changes = changeTable(sql);
  const digest = sql.prepare<[number], string>('SELECT digest FROM current_snapshot WHERE host = ?').pluck();
  const keep = sql.prepare(
    `INSERT INTO current_snapshot (host, digest, observed_at, received_at, body, ahead_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (host) DO UPDATE SET digest = excluded.digest, observed_at = excluded.observed_at,
       received_at = excluded.received_at, body = excluded.body, ahead_ms = excluded.ahead_ms`,
  );
  const parts = sql.prepare<[number], Omit<Part, 'certificate'>>(
    'SELECT kind, id, body FROM current_part WHERE host = +? ORDER BY kind, id',
  );
  const keepPart = sql.prepare(
    `INSERT INTO current_part (host, kind, id, certificate, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (host, kind, id) DO UPDATE SET certificate = excluded.certificate, body = excluded.body`,
  );
  const dropPart = sql.prepare('DELETE FROM current_part WHERE host = ? AND kind = ? AND id = ?');
  const held = sql.prepare<[number], number>('SELECT certificate FROM current_certificate WHERE host = ?').pluck();
  const hold = sql.prepare('INSERT INTO current_certificate (host, certificate) VALUES (?, ?)');
  const release = sql.prepare('DELETE FROM current_certificate WHERE host = ? AND certificate = ?');
  const allSnapshots = sql.prepare<[], RawSnapshot>(
    'SELECT host, digest, observed_at, received_at, body, ahead_ms FROM current_snapshot',
  );
  const bodies = sql.prepare<[number], RawPart>(
    'SELECT kind, body FROM current_part WHERE host = +? ORDER BY kind, id',
  );
  // Parsed once per snapshot: an estate is read after every change anywhere.
  let parsed = new Map<number, SnapshotFacts>();

  return {
    digestOf: (host: number) => digest.get(host),
    /** Replaces a host's current state, appends the history between, and tells which topics changed. */
    replace(host: number, frame: SnapshotFrame, at: number): Topic[] {
      const topics = new Set<Topic>(['hosts']);
      const ids = keepCertificates(host, frame.snapshot.certificates, at, topics);
      const before = partsByKey(parts.all(host).map((row) => ({ ...row, certificate: undefined })));
      const after = partsByKey(partsOf(frame.snapshot));
      for (const [key, part] of after) {
        if (before.get(key)?.body === part.body) continue;
        const certificate = part.certificate === undefined ? null : (ids.get(part.certificate) ?? null);
        keepPart.run(host, part.kind, part.id, certificate, part.body);
        topics.add(topicOf[part.kind]);
      }
      for (const [key, part] of before) {
        if (after.has(key)) continue;
        dropPart.run(host, part.kind, part.id);
        topics.add(topicOf[part.kind]);
      }
      changes.add(host, at, changesBetween(before, after));
      const body = JSON.stringify({ host: frame.snapshot.host, servers: frame.snapshot.servers });
      keep.run(host, frame.digest, keptLook(frame, at), at, body, msAhead(frame, at));
      return [...topics];
    },
    /** Every host's current state by its row id. */
    all(): Map<number, SnapshotFacts> {
      parsed = new Map(allSnapshots.all().map((row) => [row.host, factsOf(row)]));
      return parsed;
    },
  };

  function factsOf(row: RawSnapshot): SnapshotFacts {
    const known = parsed.get(row.host);
    if (known?.digest === row.digest && known.receivedAt === row.received_at)
      return { ...known, observedAt: row.observed_at };
    const facts = emptyFacts(row);
    for (const part of bodies.all(row.host)) addPart(facts, part);
    return facts;
  }

  function keepCertificates(host: number, list: readonly Certificate[], at: number, topics: Set<Topic>) {
    const ids = new Map<string, number>();
    for (const certificate of list) ids.set(certificate.fingerprint, certificates.keep(certificate, host, at));
    const before = new Set(held.all(host));
    const after = new Set(ids.values());
    const gained = [...after].filter((id) => !before.has(id));
    const lost = [...before].filter((id) => !after.has(id));
    for (const id of gained) hold.run(host, id);
    for (const id of lost) release.run(host, id);
    if (gained.length + lost.length > 0) topics.add('certificates');
    return ids;
  }
}
