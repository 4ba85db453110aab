import type { Certificate } from '@certherd/protocol/certificate';
import type { DerKept, NotProved, Proved } from '../../receive/records.ts';
import { provedBody } from '../rows/certificate.ts';
import type { Sql } from './sqlite.ts';

/** The DER of certificates, each once: from then on their facts are what it says, whoever told others before. */
export function certificateDer(sql: Sql) {
  const without = sql.prepare<[number, number, number], NotProved>(
    `SELECT id, lower(hex(fingerprint)) AS fingerprint FROM current_certificate JOIN certificate ON id = certificate
     WHERE host = +? AND certificate > ? AND proved = 0 ORDER BY certificate LIMIT +?`,
  );
  const bytes = sql
    .prepare<[number], number>(
      `SELECT coalesce(sum(length(der)), 0) FROM current_certificate JOIN certificate_der USING (certificate) WHERE host = +?`,
    )
    .pluck();
  const told = sql.prepare<[Buffer], { id: number; body: string; agent_id: string | null }>(
    `SELECT certificate.id, body, agent_id FROM certificate LEFT JOIN host ON host.id = first_seen_by
     WHERE fingerprint = ? AND proved = 0`,
  );
  const insert = sql.prepare('INSERT INTO certificate_der (certificate, der) VALUES (?, ?)');
  const prove = sql.prepare('UPDATE certificate SET proved = 1, body = ?, not_before = ?, not_after = ? WHERE id = ?');
  const of = sql
    .prepare<[Buffer], Buffer>(
      'SELECT der FROM certificate JOIN certificate_der ON certificate = id WHERE fingerprint = ?',
    )
    .pluck();

  return {
    /** Those that a host's snapshot names and nobody has told yet, beyond a row, in the order of rows. */
    without: (host: number, beyond: number, limit: number): NotProved[] => without.all(host, beyond, limit),
    /** Of all that its snapshot names. */
    bytes: (host: number): number => bytes.get(host) ?? 0,
    /** What is known already, and what is gone by now, is passed over. */
    keep(list: readonly Proved[]): DerKept {
      const kept: DerKept = { topics: [], contradicted: [] };
      for (const one of list) {
        const { certificate, der } = one;
        const row = told.get(Buffer.from(certificate.fingerprint, 'hex'));
        if (!row) continue;
        const { notBefore, notAfter, fingerprint } = certificate;
        insert.run(row.id, der);
        prove.run(provedBody(one), Date.parse(notBefore), Date.parse(notAfter), row.id);
        // Every verdict on an endpoint or a silent host may rest on its dates.
        kept.topics =
          JSON.stringify(certificate) === row.body
            ? ['certificates', ...kept.topics]
            : ['certificates', 'hosts', 'endpoints', 'findings'];
        const before: Certificate = JSON.parse(row.body);
        if (before.notBefore !== notBefore || before.notAfter !== notAfter)
          kept.contradicted.push({ fingerprint, toldBy: row.agent_id ?? undefined });
      }
      return { ...kept, topics: [...new Set(kept.topics)] };
    },
    of: (fingerprint: string): Uint8Array | undefined => of.get(Buffer.from(fingerprint, 'hex')),
  };
}
