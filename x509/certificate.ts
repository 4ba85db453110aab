import { Buffer } from 'node:buffer';
import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Certificate, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { type Failure, failed, type Result, success } from '@certherd/protocol/failure';
import { joinAttributes, parseSubjectAltName } from './certificate-names.ts';
import { instantOf } from './instant.ts';
import { type PlainCertificate, plainCertificate } from './plain-certificate.ts';
import { type PlainKey, rsaModulusBits } from './plain-key.ts';
import type { Leaf } from './trust-path.ts';
import { signatureAlgorithmOf } from './signature-algorithm.ts';

/** A certificate with the object that compares keys and issuers. `der` is exactly the bytes of its fingerprint. */
export interface ReadCertificate {
  certificate: Certificate;
  x509: X509Certificate;
  der: Uint8Array;
  /** Its SubjectPublicKeyInfo, where it was read without OpenSSL: then each of its alternative names is a dNSName. */
  spki?: Uint8Array;
}

/** The facts in one certificate's DER. Failures: 'empty', 'malformed', 'too-large' (more names than the wire takes). */
export function readCertificate(der: Uint8Array): Result<Certificate> {
  const read = openCertificate(der);
  return read.ok ? success(read.value.certificate) : read;
}

/**
 * As readCertificate, with the open object. Bytes after the certificate are ignored, as OpenSSL does. `keyIsUsed`: with OpenSSL, by who asks, before anything is
 * made of it; then it is not reckoned here whether its point is on its curve.
 */
export function openCertificate(bytes: Uint8Array, keyIsUsed = false): Result<ReadCertificate> {
  const cut = cutShort(bytes);
  if (cut) return { ok: false, failure: cut };
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // node looks for PEM text first, anywhere: a certificate hidden in another one's names must not pass for it
  const plain = file.includes('-----BEGIN ') ? undefined : plainCertificate(file, keyIsUsed);
  const { key, spki, subjectAltNames, isAuthority } = plain ?? {};
  if (plain && key && spki && subjectAltNames && isAuthority === false)
    return openPlain(file.subarray(0, plain.length), { ...plain, ...key, spki, subjectAltNames, isAuthority });

  const x509 = parse(file);
  if (!x509) return failed('malformed', 'not an X.509 certificate');
  const der = x509.raw;
  if (der.compare(file, 0, der.length) !== 0) return failed('malformed', 'not plain DER');
  const told = plain ?? factsOf(x509);
  if (!told) return failed('malformed', 'its validity is not a time');
  const { subject, issuer, serialNumber, notBefore, notAfter } = told;
  const signature = signatureAlgorithmOf(x509);
  const certificate: Certificate = {
    fingerprint: fingerprintOf(der),
    subject,
    issuer,
    subjectAltNames: subjectAltNames ?? parseSubjectAltName(x509.subjectAltName),
    serialNumber,
    notBefore,
    notAfter,
    ...(key ?? keyOf(x509)),
    ...(signature !== undefined && { signature }),
    isAuthority: isAuthority ?? x509.ca,
  };
  const excess = tooLarge(certificate);
  return excess === undefined ? success({ certificate, x509, der }) : failed('too-large', excess);
}

/** OpenSSL opens it when it is asked for: for most it never is, and freeing thousands of its objects holds everything up. */
function openPlain(
  der: Buffer,
  told: Omit<Certificate, 'fingerprint' | 'key'> & PlainKey & { spki: Buffer },
): Result<ReadCertificate> {
  const certificate: Certificate = {
    fingerprint: fingerprintOf(der),
    subject: told.subject,
    issuer: told.issuer,
    subjectAltNames: told.subjectAltNames,
    serialNumber: told.serialNumber,
    notBefore: told.notBefore,
    notAfter: told.notAfter,
    algorithm: told.algorithm,
    key: told.key,
    ...(told.signature !== undefined && { signature: told.signature }),
    isAuthority: told.isAuthority,
  };
  const excess = tooLarge(certificate);
  if (excess !== undefined) return failed('too-large', excess);
  let x509: X509Certificate | undefined;
  return success({
    certificate,
    get x509() {
      x509 ??= new X509Certificate(der);
      return x509;
    },
    der,
    spki: told.spki,
  });
}

/** As a leaf that is judged: OpenSSL opens it once there is an issuer to try, or a name that does not stand there as it is. */
export function leafOf(read: ReadCertificate): Leaf & Pick<X509Certificate, 'checkHost' | 'checkIP'> {
  const { subject, issuer, subjectAltNames } = read.certificate;
  if (!read.spki || subject === '' || issuer === '') return read.x509;
  return {
    // node's own words again: in names that are read without OpenSSL a comma stands between two attributes alone
    subject: subject.replaceAll(', ', '\n'),
    issuer: issuer.replaceAll(', ', '\n'),
    get fingerprint256() {
      return read.x509.fingerprint256;
    },
    checkIssued: (other) => read.x509.checkIssued(other),
    verify: (key) => read.x509.verify(key),
    checkHost: (name, options) => (subjectAltNames.includes(name) ? name : read.x509.checkHost(name, options)),
    checkIP: (ip) => read.x509.checkIP(ip),
  };
}

function fingerprintOf(der: Uint8Array): string {
  return hash('sha256', der, 'hex');
}

/** In node's own words, as plainCertificate gives them where it can. Undefined where the validity is not a time. */
function factsOf(x509: X509Certificate): Omit<PlainCertificate, 'length' | 'signature'> | undefined {
  // node turns what is no time into some date of its own
  if (x509.validFrom === badTime || x509.validTo === badTime) return undefined;
  const notBefore = instantOf(x509.validFromDate.getTime());
  const notAfter = instantOf(x509.validToDate.getTime());
  if (!notBefore || !notAfter) return undefined;
  const { serialNumber } = x509;
  return {
    subject: joinAttributes(x509.subject),
    issuer: joinAttributes(x509.issuer),
    serialNumber,
    notBefore,
    notAfter,
  };
}

/** ASN1_TIME_print's words for hour 24, month 13 and letters. */
const badTime = 'Bad time value';

function keyOf(x509: X509Certificate): Pick<Certificate, 'algorithm' | 'key'> {
  const key = publicKey(x509);
  return { algorithm: algorithmOf(key), key: describeKey(key) };
}

/** Which certificates a client of this signature algorithm gets is told by the key, not by who signed. */
function algorithmOf(key: KeyObject | undefined): SignatureAlgorithm {
  switch (key?.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return 'rsa';
    case 'ec':
      return 'ecdsa';
    case 'ed25519':
      return 'ed25519';
    default:
      return 'other';
  }
}

function describeKey(key: KeyObject | undefined): string {
  const type = key?.asymmetricKeyType;
  switch (type) {
    case undefined:
      return 'unknown';
    case 'ec':
      return `EC ${key?.asymmetricKeyDetails?.namedCurve ?? 'of a curve without a name'}`.slice(0, 64);
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default: {
      const size = type.startsWith('rsa') ? rsaBits(key) : key?.asymmetricKeyDetails?.modulusLength;
      // FIPS 205 writes SLH-DSA-SHA2-128s
      const name = type
        .toUpperCase()
        .replace(/^(SLH-DSA-.*)([SF])$/, (_, all: string, last: string) => all + last.toLowerCase());
      return `${name}${size === undefined ? '' : ` ${size}`}`.slice(0, 64);
    }
  }
}

/** Not from asymmetricKeyDetails: node makes a BigInt of the exponent in the square of its length, minutes for a mebibyte. */
function rsaBits(key: KeyObject | undefined): number | undefined {
  return key && rsaModulusBits(key.export({ type: 'spki', format: 'der' }));
}

/** The header says how long the certificate is: a file that was cut off is told apart from one that never was one. */
function cutShort(bytes: Uint8Array): Failure | undefined {
  if (bytes.length === 0) return { reason: 'empty', detail: 'no bytes' };
  const [tag, first] = [bytes[0], bytes[1] ?? 0];
  const count = first & 0x7f;
  if (tag === 0x30 && first === 0x80) return { reason: 'malformed', detail: 'not plain DER' };
  if (tag !== 0x30 || first <= 0x80 || count > 4) return { reason: 'malformed', detail: 'not an X.509 certificate' };
  if (bytes.length < 2 + count) return { reason: 'malformed', detail: `cut off after ${bytes.length} bytes` };
  let content = 0;
  for (let at = 2; at < 2 + count; at++) content = content * 256 + (bytes[at] ?? 0);
  const length = 2 + count + content;
  if (length <= bytes.length) return undefined;
  return { reason: 'malformed', detail: `cut off: ${bytes.length} of ${length} bytes` };
}

function parse(file: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(file);
  } catch {
    return undefined;
  }
}

/** Throws in OpenSSL for algorithms that it does not know, and for keys that are damaged. */
function publicKey(x509: X509Certificate): KeyObject | undefined {
  try {
    return x509.publicKey;
  } catch {
    return undefined;
  }
}

/** What protocol/certificate.ts accepts. */
function tooLarge(certificate: Certificate): string | undefined {
  const { subject, issuer, serialNumber, subjectAltNames } = certificate;
  if (subjectAltNames.length > 20_000) return `${subjectAltNames.length} subject alternative names`;
  if (serialNumber.length > 256) return `a serial number of ${serialNumber.length / 2} bytes`;
  const longest = [subject, issuer, ...subjectAltNames].reduce((most, name) => Math.max(most, name.length), 0);
  return longest > 65_536 ? `a name of ${longest} characters` : undefined;
}
