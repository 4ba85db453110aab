import { createHash } from 'node:crypto';
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
import { certificateIds } from './certificates.ts';
import type { Queries } from './database.ts';

/** What stands for a text of any length in an index. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A row that would lie before its track's last one, because the clock was set back, goes a millisecond behind that. */
export async function addChanges(tx: Queries, host: number, at: number, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const tracks = await tracksOf(tx, host, changes);
  const texts = await textsOf(tx, changes);
  const served = changes.filter(({ kind, after }) => !isFinding(kind) && after !== undefined);
  const ids = await certificateIds(
    tx,
    served.flatMap(({ after }) => after ?? []),
  );
  const rows = changes.map(({ kind, subject, after }) => {
    const track = tracks.get(trackKey(kind, subject));
    if (!track) throw new Error('the track was not kept');
    track.last = Math.max(at, track.last + 1);
    const text = isFinding(kind) && after !== undefined ? findingText(after) : undefined;
    return {
      track: track.id,
      at: track.last,
      certificate: text || after === undefined ? null : (ids.get(after) ?? null),
      finding: text ? (texts.get(text.digest.toString('hex')) ?? null) : null,
      since: text?.since ?? null,
    };
  });
  await tx.all(
    `INSERT INTO change (track, at, certificate, finding, since)
     SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), unnest($3::BIGINT[]), unnest($4::BIGINT[]), unnest($5::BIGINT[])`,
    [
      rows.map(({ track }) => track),
      rows.map((row) => row.at),
      rows.map(({ certificate }) => certificate),
      rows.map(({ finding }) => finding),
      rows.map(({ since }) => since),
    ],
  );
}

/** Oldest first: what came at or after `since`, and the last row before it of each track. */
export async function changesOfHost(
  queries: Queries,
  agentId: string,
  since: number,
): Promise<(Change & { at: number })[]> {
  // States in the order in which a certificate reaches them, then findings.
  const rows = await queries.all<RawChange & { place: number }>(
    `SELECT change.at, track.kind, track.subject, encode(certificate.fingerprint, 'hex') AS fingerprint, finding_text.body, change.since,
       CASE track.kind WHEN 'endpoint-issued' THEN 1 WHEN 'endpoint-configured' THEN 2 WHEN 'endpoint-served' THEN 3 ELSE 4 END AS place
     FROM track
       CROSS JOIN LATERAL (
         SELECT * FROM change WHERE change.track = track.id AND change.at >= coalesce(
           (SELECT before.at FROM change AS before WHERE before.track = track.id AND before.at < CAST($2 AS BIGINT) ORDER BY before.at DESC LIMIT 1),
           $2)
       ) AS change
       LEFT JOIN certificate ON certificate.id = change.certificate
       LEFT JOIN finding_text ON finding_text.id = change.finding
     WHERE track.host = (SELECT id FROM host WHERE agent_id = $1)
     UNION ALL
     SELECT first_seen_at, 'certificate-seen', encode(fingerprint, 'hex'), encode(fingerprint, 'hex'), NULL, NULL, 0
       FROM certificate WHERE first_seen_by = (SELECT id FROM host WHERE agent_id = $1) AND first_seen_at >= $2`,
    [agentId, since],
  );
  return historyOf(
    rows.toSorted(
      (a, b) => a.at - b.at || a.place - b.place || (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0),
    ),
  );
}

/** Newest first, at most 10,000. */
export async function staysOf(queries: Queries, fingerprint: string): Promise<Stay[]> {
  const rows = await queries.all<RawStay>(
    `SELECT host.agent_id, host.name, track.kind, track.subject, change.at,
       (SELECT min(later.at) FROM change AS later WHERE later.track = change.track AND later.at > change.at) AS until
     FROM change JOIN track ON track.id = change.track JOIN host ON host.id = track.host
     WHERE change.certificate = (SELECT id FROM certificate WHERE fingerprint = $1) ORDER BY change.at DESC LIMIT 10000`,
    [Buffer.from(fingerprint, 'hex')],
  );
  return rows.map(readStay);
}

/** Newest first, at most 1,000. */
export async function endpointStaysOf(queries: Queries, agentId: string, endpoint: string): Promise<EndpointStay[]> {
  const rows = await queries.all<RawEndpointStay>(
    `SELECT track.kind, encode(certificate.fingerprint, 'hex') AS fingerprint, change.at,
       (SELECT min(later.at) FROM change AS later WHERE later.track = change.track AND later.at > change.at) AS until
     FROM track JOIN change ON change.track = track.id JOIN certificate ON certificate.id = change.certificate
     WHERE track.host = (SELECT id FROM host WHERE agent_id = $1) AND track.kind IN (${stayKinds}) AND track.subject_digest = $2
     ORDER BY change.at DESC, track.kind LIMIT 1000`,
    [agentId, digestOf(endpoint)],
  );
  return rows.map(readEndpointStay);
}

interface Track {
  id: number;
  /** Its newest row's instant; 0: it has none. */
  last: number;
}

/** By kind and subject; made where it is not there. */
async function tracksOf(tx: Queries, host: number, changes: readonly Change[]): Promise<Map<string, Track>> {
  const kinds = changes.map(({ kind }) => trackKind(kind));
  const subjects = changes.map(({ subject }) => subject);
  await tx.all(
    `INSERT INTO track (host, kind, subject, subject_digest)
     SELECT CAST($1 AS BIGINT), unnest($2::TEXT[]), unnest($3::TEXT[]), unnest($4::BYTEA[])
     ON CONFLICT (host, kind, subject_digest) DO NOTHING`,
    [host, kinds, subjects, subjects.map(digestOf)],
  );
  const rows = await tx.all<{ id: number; kind: string; subject: string; last: number }>(
    `SELECT id, kind, subject, coalesce((SELECT max(at) FROM change WHERE track = track.id), 0) AS last FROM track
     WHERE host = $1 AND subject_digest = ANY($2::BYTEA[])`,
    [host, subjects.map(digestOf)],
  );
  return new Map(rows.map(({ id, kind, subject, last }) => [`${kind} ${subject}`, { id, last }]));
}

/** Ids of findings' texts by their digests, in hexadecimal; made where they are not there. */
async function textsOf(tx: Queries, changes: readonly Change[]): Promise<Map<string, number>> {
  const texts = changes
    .flatMap(({ kind, after }) => (isFinding(kind) && after !== undefined ? [findingText(after)] : []))
    .toSorted((a, b) => Buffer.compare(a.digest, b.digest));
  if (texts.length === 0) return new Map();
  const digests = texts.map(({ digest }) => digest);
  await tx.all(
    `INSERT INTO finding_text (digest, body) SELECT unnest($1::BYTEA[]), unnest($2::TEXT[]) ON CONFLICT (digest) DO NOTHING`,
    [digests, texts.map(({ body }) => body)],
  );
  // Locked: thinning would else take away what is about to be named.
  const rows = await tx.all<{ id: number; digest: Buffer }>(
    'SELECT id, digest FROM finding_text WHERE digest = ANY($1::BYTEA[]) ORDER BY digest FOR UPDATE',
    [digests],
  );
  return new Map(rows.map(({ id, digest }) => [digest.toString('hex'), id]));
}

function isFinding(kind: Change['kind']): boolean {
  return kind.startsWith('finding-');
}

function trackKind(kind: Change['kind']): string {
  return isFinding(kind) ? 'finding' : kind;
}

function trackKey(kind: Change['kind'], subject: string): string {
  return `${trackKind(kind)} ${subject}`;
}
