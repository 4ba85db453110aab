import type { Certificate } from '@certherd/protocol/certificate';
import { openCertificate } from '@certherd/x509/certificate';
import { keyDigestOf } from '@certherd/x509/key-digest';
import type { Proved } from '../../receive/records.ts';
import type { CertificateFacts } from '../facts.ts';

export interface RawCertificate {
  body: string;
  first_seen_at: number;
  proved: number;
  /** Where the body was kept before there were digests of keys. */
  der: Uint8Array | null;
}

/** Columns of RawCertificate, of a row of `certificate`. No text within the body has a quote that is not escaped. */
export const factColumns = `body, first_seen_at, proved, CASE WHEN proved = 1 AND body NOT LIKE '%"keyDigest":"%'
  THEN (SELECT der FROM certificate_der WHERE certificate_der.certificate = certificate.id) END AS der`;

/** What is kept of a certificate whose DER was told. */
export function provedBody({ certificate, keyDigest }: Proved): string {
  return JSON.stringify({ ...certificate, ...(keyDigest !== undefined && { keyDigest }) });
}

export function readCertificate({ body, first_seen_at, proved, der }: RawCertificate): CertificateFacts {
  const { keyDigest = digestIn(der), ...certificate }: Certificate & Pick<Proved, 'keyDigest'> = JSON.parse(body);
  const basis = proved === 1 ? 'der' : 'told';
  return { certificate, firstSeenAt: first_seen_at, basis, ...(keyDigest !== undefined && { keyDigest }) };
}

function digestIn(der: Uint8Array | null): string | undefined {
  const read = der && openCertificate(der);
  return read?.ok ? keyDigestOf(read.value) : undefined;
}
