import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, integer, oid, sequence, text, tlv } from './der.ts';
import { toPem } from './mint.ts';

/** A certificate whose parts a test may write as it likes, each in DER; what is left out is ordinary. */
export interface RawParts {
  /** Who signs, and whose public key is in it unless `publicKey` says otherwise. Default: a fresh P-256 key. */
  key?: KeyObject;
  /** SubjectPublicKeyInfo. */
  publicKey?: Buffer;
  /** The AlgorithmIdentifier of the signature. Default: the one that belongs to `key`. */
  algorithm?: Buffer;
  /** [0] EXPLICIT INTEGER, or nothing for version 1. */
  version?: Buffer;
  serialNumber?: Buffer;
  subject?: Buffer;
  issuer?: Buffer;
  notBefore?: Buffer;
  notAfter?: Buffer;
  /** The extensions themselves. Default: one subjectAltName with `a.example.test`. */
  extensions?: readonly Buffer[];
}

export interface Raw {
  der: Buffer;
  pem: string;
  keyPem: string;
}

/** The generator of mint.ts writes nothing that RFC 5280 forbids and signs with few kinds of key: this one does both. */
export function rawCertificate(parts: RawParts = {}): Raw {
  const key = parts.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const algorithm = parts.algorithm ?? algorithmOf(key);
  const extensions = parts.extensions ?? [altNames(text(0x82, 'a.example.test'))];
  const signed = sequence(
    parts.version ?? tlv(0xa0, integer(2)),
    parts.serialNumber ?? integer(0x11),
    algorithm,
    parts.issuer ?? parts.subject ?? name('a.example.test'),
    sequence(parts.notBefore ?? text(0x17, '260101000000Z'), parts.notAfter ?? text(0x17, '360101000000Z')),
    parts.subject ?? name('a.example.test'),
    parts.publicKey ?? createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [tlv(0xa3, sequence(...extensions))] : []),
  );
  const der = sequence(signed, algorithm, bits(sign(digestOf(key), signed, key)));
  return {
    der,
    pem: toPem('CERTIFICATE', der),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A Name with one CN, its value under any tag: 0x0c UTF8String, 0x1e BMPString, 0x14 T61String … */
export function name(commonName: string | Buffer, tag = 0x0c): Buffer {
  const value = tlv(tag, typeof commonName === 'string' ? Buffer.from(commonName) : commonName);
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), value)));
}

export function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}

/** A subjectAltName of GeneralNames: 0x82 dNSName, 0x87 iPAddress … */
export function altNames(...names: readonly Buffer[]): Buffer {
  return extension('2.5.29.17', sequence(...names));
}

/** A SubjectPublicKeyInfo of an algorithm that OpenSSL does not know, or refuses. */
export function strangeKey(algorithm: Buffer, content: Buffer): Buffer {
  return sequence(algorithm, bits(content));
}

const oids: ReadonlyMap<string, string> = new Map([
  ['ml-dsa-44', '2.16.840.1.101.3.4.3.17'],
  ['ml-dsa-65', '2.16.840.1.101.3.4.3.18'],
  ['ml-dsa-87', '2.16.840.1.101.3.4.3.19'],
  ['slh-dsa-sha2-128s', '2.16.840.1.101.3.4.3.20'],
  ['ed25519', '1.3.101.112'],
  ['ed448', '1.3.101.113'],
  ['ec', '1.2.840.10045.4.3.2'],
  ['dsa', '2.16.840.1.101.3.4.3.2'],
]);

/** RFC 9881 (ML-DSA), RFC 9909 (SLH-DSA), RFC 8410, RFC 5758: no parameters; RFC 4055 for RSA. */
function algorithmOf(key: KeyObject): Buffer {
  const type = key.asymmetricKeyType ?? '';
  const known = oids.get(type);
  if (known !== undefined) return sequence(oid(known));
  if (type === 'rsa') return sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05));
  return rsaPssSha256;
}

/** RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 4055 3.1). */
const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), tlv(0x05));
const rsaPssSha256 = sequence(
  oid('1.2.840.113549.1.1.10'),
  sequence(tlv(0xa0, sha256), tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sha256)), tlv(0xa2, integer(32))),
);

/** Edwards and lattice keys hash by themselves. */
function digestOf(key: KeyObject): string | null {
  return ['ec', 'rsa', 'rsa-pss', 'dsa'].includes(key.asymmetricKeyType ?? '') ? 'sha256' : null;
}
