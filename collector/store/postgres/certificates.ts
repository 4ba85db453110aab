import type { Certificate } from '@certherd/protocol/certificate';
import type { CertificateFacts } from '../facts.ts';
import { factColumns, type RawCertificate, readCertificate } from '../rows/certificate.ts';
import type { Queries } from './database.ts';

/** Ids by fingerprint. What was first told about a fingerprint stays, and by which host. */
export async function keepCertificates(
  tx: Queries,
  list: readonly Certificate[],
  host: number,
  at: number,
): Promise<Map<string, number>> {
  if (list.length === 0) return new Map();
  const known = await certificateIds(
    tx,
    list.map(({ fingerprint }) => fingerprint),
  );
  // In one order, so that two collectors never wait for one another.
  const fresh = list
    .filter(({ fingerprint }) => !known.has(fingerprint))
    .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  if (fresh.length === 0) return known;
  await tx.all(
    `INSERT INTO certificate (fingerprint, not_before, not_after, first_seen_at, first_seen_by, body)
     SELECT unnest($1::BYTEA[]), unnest($2::BIGINT[]), unnest($3::BIGINT[]), CAST($4 AS BIGINT), CAST($5 AS BIGINT), unnest($6::TEXT[])
     ON CONFLICT (fingerprint) DO NOTHING`,
    [
      fresh.map(({ fingerprint }) => Buffer.from(fingerprint, 'hex')),
      fresh.map(({ notBefore }) => Date.parse(notBefore)),
      fresh.map(({ notAfter }) => Date.parse(notAfter)),
      at,
      host,
      fresh.map((one) => JSON.stringify(one)),
    ],
  );
  return certificateIds(
    tx,
    list.map(({ fingerprint }) => fingerprint),
  );
}

/** Of those that are kept. */
export async function certificateIds(tx: Queries, fingerprints: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.all<{ id: number; fingerprint: Buffer }>(
    'SELECT id, fingerprint FROM certificate WHERE fingerprint = ANY($1::BYTEA[])',
    [fingerprints.map((one) => Buffer.from(one, 'hex'))],
  );
  return new Map(rows.map(({ id, fingerprint }) => [fingerprint.toString('hex'), id]));
}

/** Certificates that a current snapshot names. Rows change once, when their DER comes: each is read once before, and once after. */
export function createCurrentCertificates(): (queries: Queries) => Promise<CertificateFacts[]> {
  let read = new Map<number, CertificateFacts>();
  return async (queries) => {
    const ids = await queries.all<{ id: number; proved: number }>(
      `SELECT id, proved FROM certificate WHERE id IN (SELECT certificate FROM current_certificate) ORDER BY not_after, fingerprint`,
    );
    const basisOf = new Map(ids.map(({ id, proved }) => [id, proved === 1 ? 'der' : 'told'] as const));
    const missing = ids.map(({ id }) => id).filter((id) => read.get(id)?.basis !== basisOf.get(id));
    const rows = await queries.all<RawCertificate & { id: number }>(
      `SELECT id, ${factColumns} FROM certificate WHERE id = ANY($1::BIGINT[])`,
      [missing],
    );
    const fresh = new Map(rows.map((row): [number, CertificateFacts] => [row.id, readCertificate(row)]));
    const current = ids.flatMap(({ id }) => {
      const facts = fresh.get(id) ?? read.get(id);
      return facts ? [[id, facts] as const] : [];
    });
    read = new Map(current);
    return current.map(([, facts]) => facts);
  };
}
