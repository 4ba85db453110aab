import type { Buffer } from 'node:buffer';
import type { Certificate } from '@certherd/protocol/certificate';
import { type PlainKey, plainKey } from './plain-key.ts';
import { type Cursor, enter, hasBytes, isOid, oid, tags } from './plain-der.ts';
import { dnsNames, nameText } from './plain-names.ts';

/** What an ordinary certificate says of itself. */
export interface PlainCertificate
  extends Pick<Certificate, 'subject' | 'issuer' | 'serialNumber' | 'notBefore' | 'notAfter'> {
  /** Bytes of the certificate; what follows is not part of it. */
  length: number;
  /** Absent where they are not all plain host names. */
  subjectAltNames?: string[];
  /** Absent where the certificate may be an authority's. */
  isAuthority?: false;
  /** Absent for a key of a rarer kind, or a damaged one. */
  key?: PlainKey;
  /** The SubjectPublicKeyInfo of such a key, within the bytes that were read. */
  spki?: Buffer;
  /** How it is signed, in OpenSSL's words. */
  signature: string;
}

/**
 * Reads a certificate (RFC 5280 4.1) that is written in the plainest way straight from its DER, some ten times as fast as
 * asking node:crypto field by field, and in node's words. Undefined for every other, which OpenSSL then judges: whatever is
 * read here OpenSSL would read too, into the same facts. `keyIsUsed`: see plainKey.
 */
export function plainCertificate(bytes: Buffer, keyIsUsed = false): PlainCertificate | undefined {
  const cursor = { bytes, at: 0 };
  const end = enter(cursor, tags.sequence, bytes.length);
  const tbsEnd = enter(cursor, tags.sequence, end);
  if (tbsEnd < 0 || !hasBytes(bytes, cursor.at, version3)) return undefined;
  cursor.at += version3.length;

  const serialEnd = enter(cursor, tags.integer, tbsEnd);
  const serialNumber = serialText(bytes, cursor.at, serialEnd);
  const algorithm = serialEnd;
  cursor.at = serialEnd;
  cursor.at = enter(cursor, tags.sequence, tbsEnd);
  const algorithmLength = cursor.at - algorithm;
  const issuer = nameText(cursor, tbsEnd);
  const validityEnd = issuer === undefined ? -1 : enter(cursor, tags.sequence, tbsEnd);
  const notBefore = timeAt(cursor, validityEnd);
  const notAfter = timeAt(cursor, validityEnd);
  if (serialNumber === undefined || issuer === undefined || !notBefore || !notAfter || cursor.at !== validityEnd)
    return undefined;

  const subject = nameText(cursor, tbsEnd);
  const keyFrom = cursor.at;
  const keyEnd = subject === undefined ? -1 : enter(cursor, tags.sequence, tbsEnd);
  if (subject === undefined || keyEnd < 0) return undefined;
  const key = plainKey(bytes, cursor.at, keyEnd, keyIsUsed);
  cursor.at = keyEnd;
  const extensions = readExtensions(cursor, tbsEnd);
  // the algorithm stands there twice, and must be the same (RFC 5280 4.1.1.2)
  if (
    !extensions ||
    bytes.compare(bytes, algorithm, algorithm + algorithmLength, tbsEnd, tbsEnd + algorithmLength) !== 0
  )
    return undefined;
  const signature = signatures.find(({ encoded }) => hasBytes(bytes, tbsEnd, encoded));
  if (!signature || signature.encoded.length !== algorithmLength) return undefined;
  cursor.at = tbsEnd + algorithmLength;
  if (enter(cursor, tags.bitString, end) !== end || end === cursor.at || bytes[cursor.at] !== 0) return undefined;
  const facts = { length: end, subject, issuer, serialNumber, notBefore, notAfter, ...extensions };
  return { ...facts, signature: signature.name, ...(key && { key, spki: bytes.subarray(keyFrom, keyEnd) }) };
}

/** AlgorithmIdentifiers as RFC 4055, 5758 and 8410 write them, in the order of how often they are met. */
const signatures = [
  { name: 'sha256WithRSAEncryption', encoded: oid('300d06092a864886f70d01010b0500') },
  { name: 'ecdsa-with-SHA384', encoded: oid('300a06082a8648ce3d040303') },
  { name: 'ecdsa-with-SHA256', encoded: oid('300a06082a8648ce3d040302') },
  { name: 'sha384WithRSAEncryption', encoded: oid('300d06092a864886f70d01010c0500') },
  { name: 'sha512WithRSAEncryption', encoded: oid('300d06092a864886f70d01010d0500') },
  { name: 'ecdsa-with-SHA512', encoded: oid('300a06082a8648ce3d040304') },
  { name: 'ED25519', encoded: oid('300506032b6570') },
] as const;

/** [0] EXPLICIT INTEGER 2 */
const version3 = [0xa0, 0x03, 0x02, 0x01, 0x02];

/** A positive INTEGER in as few bytes as it needs, of at most 20 (RFC 5280 4.1.2.2). */
function serialText(bytes: Buffer, from: number, to: number): string | undefined {
  const [first = 0, second = 0] = [bytes[from], bytes[from + 1]];
  if (to <= from || to - from > 21 || first >= 0x80) return undefined;
  if (first === 0 && (to - from === 1 || second < 0x80)) return undefined;
  return bytes.toString('hex', first === 0 ? from + 1 : from, to).toUpperCase();
}

/** A UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 has it, between the years 1950 and 9999; leaves the cursor behind it. */
export function timeAt(cursor: Cursor, end: number): string | undefined {
  const { bytes } = cursor;
  const short = bytes[cursor.at] === tags.utcTime;
  const timeEnd = end < 0 ? -1 : enter(cursor, short ? tags.utcTime : tags.generalizedTime, end);
  if (timeEnd - cursor.at !== (short ? 13 : 15) || bytes[timeEnd - 1] !== 0x5a) return undefined;
  const pair = (index: number) => {
    const tens = (bytes[cursor.at + index] ?? 0) - 0x30;
    const ones = (bytes[cursor.at + index + 1] ?? 0) - 0x30;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
  };
  const years = pair(0);
  const year = short ? years + (years < 50 ? 2000 : 1900) : years * 100 + pair(2);
  const rest = short ? 2 : 4;
  const month = pair(rest);
  const day = pair(rest + 2);
  const hour = pair(rest + 4);
  const minute = pair(rest + 6);
  const second = pair(rest + 8);
  cursor.at = timeEnd;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // a day or an hour that does not exist moves the others
  const exists =
    date.getUTCDate() === day && date.getUTCMonth() === month - 1 && hour < 24 && minute < 60 && second < 60;
  return exists && year >= 1950 && year <= 9999 ? date.toISOString() : undefined;
}

const subjectAltName = oid('551d11');
const basicConstraints = oid('551d13');

/** Nothing but [3] EXPLICIT may follow the key. Undefined where an extension that counts here comes twice. */
function readExtensions(
  cursor: Cursor,
  tbsEnd: number,
): Pick<PlainCertificate, 'subjectAltNames' | 'isAuthority'> | undefined {
  const found: Pick<PlainCertificate, 'subjectAltNames' | 'isAuthority'> = { subjectAltNames: [], isAuthority: false };
  if (cursor.at === tbsEnd) return found;
  const { bytes } = cursor;
  const wrapEnd = enter(cursor, tags.extensions, tbsEnd);
  const listEnd = wrapEnd === tbsEnd ? enter(cursor, tags.sequence, tbsEnd) : -1;
  if (listEnd !== tbsEnd || listEnd === cursor.at) return undefined;
  let names = 0;
  let constraints = 0;
  while (cursor.at < listEnd) {
    const end = enter(cursor, tags.sequence, listEnd);
    const idEnd = enter(cursor, tags.oid, end);
    if (idEnd < 0 || !isOid(bytes, cursor.at, idEnd)) return undefined;
    const id = cursor.at;
    cursor.at = idEnd;
    if (bytes[cursor.at] === tags.boolean && bytes[cursor.at + 1] === 1) cursor.at += 3;
    if (enter(cursor, tags.octetString, end) !== end) return undefined;
    if (hasBytes(bytes, id, subjectAltName) && idEnd - id === 3) {
      names++;
      const plain = dnsNames(cursor, end);
      if (plain) found.subjectAltNames = plain;
      else delete found.subjectAltNames;
    } else if (hasBytes(bytes, id, basicConstraints) && idEnd - id === 3) {
      constraints++;
      if (end - cursor.at !== 2 || bytes[cursor.at] !== tags.sequence || bytes[cursor.at + 1] !== 0)
        delete found.isAuthority;
    }
    cursor.at = end;
  }
  return names > 1 || constraints > 1 ? undefined : found;
}
