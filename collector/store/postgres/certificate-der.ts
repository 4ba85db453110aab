import type { Certificate } from '@certherd/protocol/certificate';
import type { DerKept, NotProved, Proved } from '../../receive/records.ts';
import { provedBody } from '../rows/certificate.ts';
import type { Queries } from './database.ts';

const ofHost = `FROM current_certificate JOIN certificate ON certificate.id = current_certificate.certificate
  WHERE current_certificate.host = (SELECT id FROM host WHERE agent_id = $1)`;

/** The DER of certificates, each once: from then on their facts are what it says, whoever told others before. */
export const certificateDer = {
  /** Those that a host's snapshot names and nobody has told yet, beyond a row, in the order of rows. */
  without(queries: Queries, agentId: string, beyond: number, limit: number): Promise<NotProved[]> {
    return queries.all<NotProved>(
      `SELECT certificate.id, encode(certificate.fingerprint, 'hex') AS fingerprint ${ofHost}
         AND certificate.id > $2 AND certificate.proved = 0 ORDER BY certificate.id LIMIT $3`,
      [agentId, beyond, limit],
    );
  },

  /** Of all that its snapshot names. */
  async bytes(queries: Queries, agentId: string): Promise<number> {
    const row = await queries.one<{ n: number }>(
      `SELECT CAST(coalesce(sum(length(der)), 0) AS BIGINT) AS n FROM certificate_der
       WHERE certificate IN (SELECT certificate.id ${ofHost})`,
      [agentId],
    );
    return row?.n ?? 0;
  },

  /** What is known already, and what is gone by now, is passed over. */
  async keep(tx: Queries, list: readonly Proved[]): Promise<DerKept> {
    const topics = new Set<DerKept['topics'][number]>();
    const contradicted: DerKept['contradicted'] = [];
    // In one order, so that two collectors never wait for one another.
    const inOrder = list.toSorted((a, b) => (a.certificate.fingerprint < b.certificate.fingerprint ? -1 : 1));
    for (const one of inOrder) {
      const { certificate, der } = one;
      const row = await tx.one<{ id: number; body: string; first_seen_by: number | null }>(
        'SELECT id, body, first_seen_by FROM certificate WHERE fingerprint = $1 AND proved = 0 FOR UPDATE',
        [Buffer.from(certificate.fingerprint, 'hex')],
      );
      if (!row) continue;
      const { notBefore, notAfter, fingerprint } = certificate;
      await tx.all('INSERT INTO certificate_der (certificate, der) VALUES ($1, $2)', [row.id, der]);
      await tx.all('UPDATE certificate SET proved = 1, body = $1, not_before = $2, not_after = $3 WHERE id = $4', [
        provedBody(one),
        Date.parse(notBefore),
        Date.parse(notAfter),
        row.id,
      ]);
      topics.add('certificates');
      // Every verdict on an endpoint or a silent host may rest on its dates.
      if (JSON.stringify(certificate) !== row.body)
        for (const topic of ['hosts', 'endpoints', 'findings'] as const) topics.add(topic);
      const before: Certificate = JSON.parse(row.body);
      if (before.notBefore === notBefore && before.notAfter === notAfter) continue;
      const teller = await tx.one<{ agent_id: string }>('SELECT agent_id FROM host WHERE id = $1', [row.first_seen_by]);
      contradicted.push({ fingerprint, toldBy: teller?.agent_id });
    }
    return { topics: [...topics], contradicted };
  },

  async of(queries: Queries, fingerprint: string): Promise<Uint8Array | undefined> {
    const row = await queries.one<{ der: Buffer }>(
      `SELECT certificate_der.der FROM certificate JOIN certificate_der ON certificate_der.certificate = certificate.id
       WHERE certificate.fingerprint = $1`,
      [Buffer.from(fingerprint, 'hex')],
    );
    return row?.der;
  },
};
