import type { Buffer } from 'node:buffer';
import type { Certificate } from '@certherd/protocol/certificate';
import { type Cursor, enter, hasBytes, oid, tags } from './plain-der.ts';

/** Kind and size of a public key, as protocol/certificate.ts words them. */
export type PlainKey = Pick<Certificate, 'algorithm' | 'key'>;

/**
 * What the content of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7) says of an RSA, P-256, P-384 or Ed25519 key that OpenSSL is
 * certain to open. Undefined for every other kind, and for a point that is not on its curve; that is not looked for with `used`, where OpenSSL is to use
 * the key before anybody is told of it.
 */
export function plainKey(bytes: Buffer, from: number, to: number, used = false): PlainKey | undefined {
  const cursor: Cursor = { bytes, at: from };
  const algorithmEnd = enter(cursor, tags.sequence, to);
  const idEnd = enter(cursor, tags.oid, algorithmEnd);
  if (idEnd < 0) return undefined;
  const id = cursor.at;
  const key: Cursor = { bytes, at: algorithmEnd };
  // no unused bits
  if (enter(key, tags.bitString, to) !== to || bytes[key.at] !== 0) return undefined;
  key.at++;
  if (idEnd - id === 9 && hasBytes(bytes, id, rsa)) return noParameters(bytes, idEnd, algorithmEnd) && rsaKey(key, to);
  if (idEnd - id === 7 && hasBytes(bytes, id, ec)) return ecKey(bytes, idEnd, algorithmEnd, key.at, to, used);
  if (idEnd - id === 3 && hasBytes(bytes, id, ed25519) && idEnd === algorithmEnd && to - key.at === 32)
    return { algorithm: 'ed25519', key: 'Ed25519' };
  return undefined;
}

const rsa = oid('2a864886f70d010101');
const ec = oid('2a8648ce3d0201');
const ed25519 = oid('2b6570');

/** NULL, as RFC 3279 2.3.1 wants it. */
function noParameters(bytes: Buffer, from: number, to: number): true | undefined {
  return to - from === 2 && bytes[from] === tags.null && bytes[from + 1] === 0 ? true : undefined;
}

/** Sizes beyond these are left to OpenSSL, which has its own. */
const mostModulusBytes = 1024;

function rsaKey(cursor: Cursor, to: number): PlainKey | undefined {
  const { bytes } = cursor;
  if (enter(cursor, tags.sequence, to) !== to) return undefined;
  const modulusEnd = enter(cursor, tags.integer, to);
  const modulus = positiveAt(bytes, cursor.at, modulusEnd);
  if (modulus < 0 || modulusEnd - modulus > mostModulusBytes) return undefined;
  cursor.at = modulusEnd;
  if (enter(cursor, tags.integer, to) !== to || positiveAt(bytes, cursor.at, to) < 0 || to - cursor.at > 8)
    return undefined;
  const bits = (modulusEnd - modulus) * 8 - Math.clz32(bytes[modulus] ?? 0) + 24;
  return { algorithm: 'rsa', key: `RSA ${bits}` };
}

/** Bits of the modulus in a SubjectPublicKeyInfo of an RSA key (RFC 3279 2.3.1) of any size, as OpenSSL writes it. */
export function rsaModulusBits(spki: Buffer): number | undefined {
  const cursor: Cursor = { bytes: spki, at: 0 };
  const end = enter(cursor, tags.sequence, spki.length);
  cursor.at = enter(cursor, tags.sequence, end);
  if (enter(cursor, tags.bitString, end) !== end) return undefined;
  cursor.at++;
  if (enter(cursor, tags.sequence, end) !== end) return undefined;
  const to = enter(cursor, tags.integer, end);
  let first = cursor.at;
  while (first < to && spki[first] === 0) first++;
  return to < 0 ? undefined : Math.max(0, (to - first) * 8 - Math.clz32(spki[first] ?? 0) + 24);
}

/** Index of the first byte that counts of a positive INTEGER in as few bytes as it needs, else -1. */
function positiveAt(bytes: Buffer, from: number, to: number): number {
  const first = bytes[from] ?? 0;
  if (to <= from || first >= 0x80) return -1;
  if (first > 0) return from;
  return to - from > 1 && (bytes[from + 1] ?? 0) >= 0x80 ? from + 1 : -1;
}

/** SEC 2, 2.4.2 and 2.5.1: y² = x³ - 3x + b modulo p. */
const curves = [
  {
    id: oid('06082a8648ce3d030107'),
    name: 'prime256v1',
    bytes: 32,
    p: BigInt('0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff'),
    b: BigInt('0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b'),
  },
  {
    id: oid('06052b81040022'),
    name: 'secp384r1',
    bytes: 48,
    p: BigInt('0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff'),
    b: BigInt('0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef'),
  },
] as const;

function ecKey(
  bytes: Buffer,
  from: number,
  parametersEnd: number,
  point: number,
  to: number,
  used: boolean,
): PlainKey | undefined {
  for (const curve of curves) {
    const fits = parametersEnd - from === curve.id.length && hasBytes(bytes, from, curve.id);
    if (!fits || bytes[point] !== 0x04 || to - point !== 1 + 2 * curve.bytes) continue;
    if (used) return { algorithm: 'ecdsa', key: `EC ${curve.name}` };
    const x = BigInt(`0x${bytes.toString('hex', point + 1, point + 1 + curve.bytes)}`);
    const y = BigInt(`0x${bytes.toString('hex', point + 1 + curve.bytes, to)}`);
    if (x >= curve.p || y >= curve.p || (y * y - x * (x * x - 3n) - curve.b) % curve.p !== 0n) continue;
    return { algorithm: 'ecdsa', key: `EC ${curve.name}` };
  }
  return undefined;
}
