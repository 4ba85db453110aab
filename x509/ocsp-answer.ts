import { hash, type KeyObject, verify, type X509Certificate } from 'node:crypto';
import type { Instant } from '@certherd/protocol/certificate';
import { type CertificateParts, certificateParts } from './certificate-parts.ts';
import { type BasicResponse, type OcspResult, type OcspStatus, readOcspResponse } from './ocsp-response.ts';
import { openedOrNot } from './roots.ts';

/** What an OCSP answer says of one certificate, proved to be its issuer's word. Whether it is of today is the reader's to judge. */
export interface OcspAnswer {
  status: OcspStatus;
  producedAt: Instant;
  thisUpdate: Instant;
  /** Until when it may be relied on. Absent: newer answers are there at all times. */
  nextUpdate?: Instant;
  /** Of a revoked one. */
  revokedAt?: Instant;
}

/**
 * Reads an OCSPResponse (RFC 6960) about `leaf`. It counts where the leaf's issuer, which is among `issuers`, signed it, or who the issuer entitled to sign answers (4.2.2.2) and
 * whose certificate came with it. `now`: milliseconds since 1970. Nothing is fetched.
 */
export function ocspAnswer(
  der: Uint8Array,
  leaf: X509Certificate,
  issuers: Iterable<X509Certificate>,
  now: number,
): OcspResult<OcspAnswer> {
  const read = readOcspResponse(der);
  if (!read.ok) return read;
  const { responses, producedAt } = read.value;
  const about = certificateParts(leaf.raw);
  if (!about) return { ok: false, reason: 'unsupported' };
  const mayBe = responses.filter(({ serialNumber }) => about.serialNumber.equals(serialNumber));
  if (mayBe.length === 0) return { ok: false, reason: 'other-certificate' };
  const issuer = issuerOf(leaf, issuers);
  const by = issuer && certificateParts(issuer.raw);
  if (!by) return { ok: false, reason: 'issuer-absent' };
  const told = mayBe.find((one) => {
    const digest = hashes.get(one.hash);
    if (digest === undefined || !hash(digest, about.issuer, 'buffer').equals(one.issuerNameHash)) return false;
    return hash(digest, by.publicKey, 'buffer').equals(one.issuerKeyHash);
  });
  if (!told) return { ok: false, reason: 'other-certificate' };
  const signer = signerOf(read.value, issuer, by, now);
  if (!signer.ok) return signer;
  const signed = isSigned(read.value, signer.value);
  if (signed !== true) return { ok: false, reason: signed };
  const { status, thisUpdate, nextUpdate, revokedAt } = told;
  return {
    ok: true,
    value: { status, producedAt, thisUpdate, ...(nextUpdate && { nextUpdate }), ...(revokedAt && { revokedAt }) },
  };
}

/** Of a CertID, by their OIDs (RFC 3370, RFC 5754). */
const hashes: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', 'sha1'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

/** So many may have the issuer's name. */
const mostIssuers = 8;

function issuerOf(leaf: X509Certificate, issuers: Iterable<X509Certificate>): X509Certificate | undefined {
  let tried = 0;
  for (const one of issuers) {
    if (one.subject !== leaf.issuer || !one.ca) continue;
    if (++tried > mostIssuers) return undefined;
    if (isIssuedBy(leaf, one)) return one;
  }
  return undefined;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // an algorithm or a key that OpenSSL does not know
    return false;
  }
}

/** id-kp-OCSPSigning */
const ocspSigning = '1.3.6.1.5.5.7.3.9';

function signerOf(
  { signer, certificates }: BasicResponse,
  issuer: X509Certificate,
  by: CertificateParts,
  now: number,
): OcspResult<X509Certificate> {
  const isSigner = ({ subject, publicKey }: CertificateParts) =>
    'name' in signer ? signer.name.equals(subject) : signer.keyHash.equals(hash('sha1', publicKey, 'buffer'));
  if (isSigner(by)) return { ok: true, value: issuer };
  for (const der of certificates) {
    const parts = certificateParts(der);
    const opened = parts && isSigner(parts) ? openedOrNot(der) : undefined;
    if (!opened) continue;
    const isValid = opened.validFromDate.getTime() <= now && now < opened.validToDate.getTime();
    const isEntitled = isValid && purposesOf(opened).includes(ocspSigning) && isIssuedBy(opened, issuer);
    return isEntitled ? { ok: true, value: opened } : { ok: false, reason: 'signer-not-entitled' };
  }
  return { ok: false, reason: 'signer-absent' };
}

/** The extended key usage, of which a certificate may have none. */
function purposesOf({ keyUsage }: X509Certificate): readonly string[] {
  const purposes = keyUsage as string[] | undefined;
  return purposes ?? [];
}

/** By the OIDs of RFC 4055, 5758 and 8410. */
const algorithms: ReadonlyMap<string, { key: string; hash: string | null }> = new Map([
  ['2a864886f70d01010b', { key: 'rsa', hash: 'sha256' }],
  ['2a864886f70d01010c', { key: 'rsa', hash: 'sha384' }],
  ['2a864886f70d01010d', { key: 'rsa', hash: 'sha512' }],
  ['2a8648ce3d040302', { key: 'ec', hash: 'sha256' }],
  ['2a8648ce3d040303', { key: 'ec', hash: 'sha384' }],
  ['2a8648ce3d040304', { key: 'ec', hash: 'sha512' }],
  ['2b6570', { key: 'ed25519', hash: null }],
  ['2b6571', { key: 'ed448', hash: null }],
]);

function isSigned(
  { algorithm, signed, signature }: BasicResponse,
  signer: X509Certificate,
): true | 'unsupported' | 'signature-wrong' {
  const how = algorithms.get(algorithm);
  if (!how) return 'unsupported';
  try {
    const key: KeyObject = signer.publicKey;
    return key.asymmetricKeyType === how.key && verify(how.hash, signed, key, signature) ? true : 'signature-wrong';
  } catch {
    return 'unsupported';
  }
}
