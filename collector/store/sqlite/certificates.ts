import type { Certificate } from '@certherd/protocol/certificate';
import type { CertificateFacts } from '../facts.ts';
import { factColumns, type RawCertificate, readCertificate } from '../rows/certificate.ts';
import type { Sql } from './sqlite.ts';

/** Rows of `certificate`: each certificate once, by fingerprint. */
export function certificateTable(sql: Sql) {
  const find = sql.prepare<[Buffer], number>('SELECT id FROM certificate WHERE fingerprint = ?').pluck();
  const insert = sql.prepare(
    'INSERT INTO certificate (fingerprint, not_before, not_after, first_seen_at, first_seen_by, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const currentRows = sql.prepare<[], { id: number; proved: number }>(
    `SELECT id, proved FROM certificate
     WHERE id IN (SELECT certificate FROM current_certificate) ORDER BY not_after, fingerprint`,
  );
  const one = sql.prepare<[number], RawCertificate>(`SELECT ${factColumns} FROM certificate WHERE id = ?`);
  // Rows change once, when their DER comes: those that are current are parsed once before, and once after.
  let parsed = new Map<number, CertificateFacts>();

  return {
    /** The row's id. What was first told about a fingerprint stays until its DER says it (certificate-der.ts), and by which host. */
    keep(certificate: Certificate, host: number, at: number): number {
      const fingerprint = Buffer.from(certificate.fingerprint, 'hex');
      const known = find.get(fingerprint);
      if (known !== undefined) return known;
      const { notBefore, notAfter } = certificate;
      const body = JSON.stringify(certificate);
      const run = insert.run(fingerprint, Date.parse(notBefore), Date.parse(notAfter), at, host, body);
      return Number(run.lastInsertRowid);
    },
    current(): CertificateFacts[] {
      parsed = new Map(
        currentRows.all().map(({ id, proved }) => {
          const basis = proved === 1 ? 'der' : 'told';
          const known = parsed.get(id);
          return [id, known?.basis === basis ? known : read(id)];
        }),
      );
      return [...parsed.values()];
    },
  };

  function read(id: number): CertificateFacts {
    const row = one.get(id);
    if (!row) throw new Error('no such certificate');
    return readCertificate(row);
  }
}
