import { hash, type X509Certificate } from 'node:crypto';
import type { ReadCertificate } from './certificate.ts';

/**
 * Tells keys apart: the first 64 bits of the SHA-256 of the SubjectPublicKeyInfo (RFC 5280 4.1.2.7), in base64url. Two keys of a fleet of a
 * million have the same by chance once in many millions of fleets. Undefined for a key that OpenSSL cannot open.
 */
export function keyDigestOf(read: ReadCertificate): string | undefined {
  const spki = read.spki ?? exported(read.x509);
  return spki && hash('sha256', spki, 'base64url').slice(0, 11);
}

/** Of a key that is read without OpenSSL these are the same bytes. */
function exported(x509: X509Certificate): Uint8Array | undefined {
  try {
    return x509.publicKey.export({ type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}
