import { Buffer } from 'node:buffer';
import type { PemBlock } from '@certherd/x509/pem';
import { type Cursor, enter, hasBytes, oid, tags } from '@certherd/x509/plain-der';
import { plainKey } from '@certherd/x509/plain-key';

/**
 * Is this unencrypted private key plainly that of the certificate? True for RSA (RFC 8017 A.1.2) and EC keys (RFC 5915, with
 * their public half) in plain PEM whose public half stands byte for byte in the certificate: what OpenSSL compares too.
 * False says nothing: OpenSSL then judges. Opening and freeing its objects takes some twenty times as long, and thousands
 * of them are freed at once. The key's bytes become no string, and are wiped.
 */
export function plainlyBelongs({ label, body, ended }: PemBlock, certificateDer: Uint8Array): boolean {
  const own = publicKeyOf(Buffer.from(certificateDer.buffer, certificateDer.byteOffset, certificateDer.byteLength));
  const decoded = own && ended && kinds.includes(label) ? decodedLines(body) : undefined;
  if (!own || !decoded) return false;
  const belongs = holds({ bytes: decoded, at: 0 }, label, own);
  decoded.fill(0);
  return belongs;
}

const kinds = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'];

/** What a certificate says of its key. */
interface PublicKey {
  /** The AlgorithmIdentifier, and inside it the parameters. */
  algorithm: Buffer;
  parameters: Buffer;
  kind: 'rsa' | 'ecdsa';
  /** The modulus and the exponent in DER, or the point. */
  key: Buffer;
}

/** Undefined where OpenSSL might not open it, or it is of another kind. */
function publicKeyOf(bytes: Buffer): PublicKey | undefined {
  const cursor: Cursor = { bytes, at: 0 };
  const end = enter(cursor, tags.sequence, bytes.length);
  const tbsEnd = enter(cursor, tags.sequence, end);
  if (tbsEnd < 0) return undefined;
  // version 3; then serial number, algorithm, issuer, validity, subject (RFC 5280 4.1)
  cursor.at += 5;
  for (const tag of [tags.integer, tags.sequence, tags.sequence, tags.sequence, tags.sequence]) {
    const after = enter(cursor, tag, tbsEnd);
    if (after < 0) return undefined;
    cursor.at = after;
  }
  const to = enter(cursor, tags.sequence, tbsEnd);
  const from = cursor.at;
  const kind = to < 0 ? undefined : plainKey(bytes, from, to)?.algorithm;
  if (kind !== 'rsa' && kind !== 'ecdsa') return undefined;
  const algorithmEnd = enter(cursor, tags.sequence, to);
  // for EC its parameters are another OBJECT IDENTIFIER, of the curve
  const parameters = bytes.subarray(enter(cursor, tags.oid, algorithmEnd), algorithmEnd);
  cursor.at = algorithmEnd;
  enter(cursor, tags.bitString, to);
  cursor.at++;
  if (kind === 'rsa') enter(cursor, tags.sequence, to);
  return { algorithm: bytes.subarray(from, algorithmEnd), parameters, kind, key: bytes.subarray(cursor.at, to) };
}

function holds(cursor: Cursor, label: string, own: PublicKey): boolean {
  const { bytes } = cursor;
  if (label === 'RSA PRIVATE KEY') return own.kind === 'rsa' && isRsaKey(cursor, bytes.length, own);
  if (label === 'EC PRIVATE KEY') return own.kind === 'ecdsa' && isEcKey(cursor, bytes.length, own, true);
  // PKCS#8 (RFC 5958), version 1 without attributes
  const end = enter(cursor, tags.sequence, bytes.length);
  if (end !== bytes.length || !hasBytes(bytes, cursor.at, version0)) return false;
  cursor.at += version0.length;
  const algorithm = cursor.at;
  const algorithmEnd = enter(cursor, tags.sequence, end);
  if (algorithmEnd < 0 || !equals(own.algorithm, bytes, algorithm, algorithmEnd)) return false;
  cursor.at = algorithmEnd;
  if (enter(cursor, tags.octetString, end) !== end) return false;
  return own.kind === 'rsa' ? isRsaKey(cursor, end, own) : isEcKey(cursor, end, own, false);
}

const version0 = oid('020100');
const version1 = oid('020101');

/** Two primes: modulus, both exponents, the primes and three numbers for the Chinese remainder. */
function isRsaKey(cursor: Cursor, end: number, { key }: PublicKey): boolean {
  const { bytes } = cursor;
  if (enter(cursor, tags.sequence, end) !== end || !hasBytes(bytes, cursor.at, version0)) return false;
  cursor.at += version0.length;
  if (!equals(key, bytes, cursor.at, cursor.at + key.length)) return false;
  for (let index = 0; index < 8; index++) {
    const after = enter(cursor, tags.integer, end);
    // positive, and in as few bytes as it needs
    const [first = 0x80, second = 0x80] = [bytes[cursor.at], bytes[cursor.at + 1]];
    if (after <= cursor.at || first >= 0x80 || (first === 0 && (after - cursor.at < 2 || second < 0x80))) return false;
    cursor.at = after;
  }
  return cursor.at === end;
}

/** The public half may be left out in EC keys, and then OpenSSL makes it; so may the curve where it was told before. */
function isEcKey(cursor: Cursor, end: number, { key, parameters }: PublicKey, needsCurve: boolean): boolean {
  const { bytes } = cursor;
  if (enter(cursor, tags.sequence, end) !== end || !hasBytes(bytes, cursor.at, version1)) return false;
  cursor.at += version1.length;
  const scalarEnd = enter(cursor, tags.octetString, end);
  if (scalarEnd < 0 || scalarEnd - cursor.at !== (key.length - 1) / 2) return false;
  cursor.at = scalarEnd;
  const curveEnd = enter(cursor, curveTag, end);
  if (curveEnd >= 0) {
    if (!equals(parameters, bytes, cursor.at, curveEnd)) return false;
    cursor.at = curveEnd;
  } else if (needsCurve) return false;
  if (enter(cursor, pointTag, end) !== end || enter(cursor, tags.bitString, end) !== end) return false;
  return bytes[cursor.at] === 0 && equals(key, bytes, cursor.at + 1, end);
}

/** [0] and [1] of ECPrivateKey. */
const curveTag = 0xa0;
const pointTag = 0xa1;

function equals(wanted: Buffer, bytes: Buffer, from: number, to: number): boolean {
  return to - from === wanted.length && to <= bytes.length && bytes.compare(wanted, 0, wanted.length, from, to) === 0;
}

/** Base64 in lines of 64 and nothing else, as every program writes it; undefined for any other way. */
function decodedLines(body: Uint8Array): Buffer | undefined {
  const padding = body.at(-2) !== equalsSign ? 0 : body.at(-3) !== equalsSign ? 1 : 2;
  const lines = Math.ceil(body.length / 65);
  const characters = body.length - lines;
  if (characters < 4 || characters % 4 !== 0 || body.at(-1) !== lineFeed) return undefined;
  const decoded = Buffer.allocUnsafeSlow((characters / 4) * 3 - padding);
  let bits = 0;
  let length = 0;
  for (let at = 0, count = 0; at < body.length; at++) {
    const code = body[at] ?? 0;
    const atLineEnd = at % 65 === 64 || at === body.length - 1;
    const value = atLineEnd ? (code === lineFeed ? 0 : -1) : at >= body.length - 1 - padding ? 0 : valueOf(code);
    if (value < 0) {
      decoded.fill(0);
      return undefined;
    }
    if (atLineEnd) continue;
    bits = ((bits << 6) | value) & 0xffffff;
    if (++count % 4 !== 0) continue;
    for (let shift = 16; shift >= 0 && length < decoded.length; shift -= 8) decoded[length++] = (bits >> shift) & 0xff;
  }
  return decoded;
}

const lineFeed = 10;
const equalsSign = 61;

function valueOf(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  return code === 43 ? 62 : code === 47 ? 63 : -1;
}
