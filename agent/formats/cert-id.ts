import { Buffer } from 'node:buffer';
import { type Cursor, enter, hasBytes, oid, tags } from '@certherd/x509/plain-der';

/**
 * How a CA calls a certificate when it is asked for its renewal information (RFC 9773 4.1): the keyIdentifier of the
 * authorityKeyIdentifier extension and the content of the serial number as DER has it, a leading zero byte included, each in
 * base64url without padding, with a dot between them. Undefined for what is no certificate in DER, and for one that does not
 * name its issuer's key.
 */
export function certIdOf(der: Uint8Array): string | undefined {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const cursor = { bytes, at: 0 };
  const end = enter(cursor, tags.sequence, bytes.length);
  const tbsEnd = enter(cursor, tags.sequence, end);
  if (tbsEnd < 0) return undefined;
  skip(cursor, version, tbsEnd);
  const serialEnd = enter(cursor, tags.integer, tbsEnd);
  const serial = bytes.subarray(cursor.at, Math.max(cursor.at, serialEnd));
  if (serial.length === 0 || serial.length > longestSerial) return undefined;
  cursor.at = serialEnd;
  // signature, issuer, validity, subject and subjectPublicKeyInfo (RFC 5280 4.1)
  for (let part = 0; part < 5; part += 1) if (!skip(cursor, tags.sequence, tbsEnd)) return undefined;
  skip(cursor, issuerUniqueId, tbsEnd);
  skip(cursor, subjectUniqueId, tbsEnd);
  const key = issuerKeyIn(cursor, tbsEnd);
  return key && `${key.toString('base64url')}.${serial.toString('base64url')}`;
}

const version = 0xa0;
const issuerUniqueId = 0x81;
const subjectUniqueId = 0x82;
const authorityKeyIdentifier = oid('551d23');
/** [0] IMPLICIT KeyIdentifier of AuthorityKeyIdentifier (RFC 5280 4.2.1.1) */
const keyIdentifier = 0x80;
/** RFC 5280 4.1.2.2 allows 20, and some CAs wrote a few more; what is longer is no name that a CA would know. */
const longestSerial = 64;
const longestKey = 128;

/** Undefined where the extension is not there, or comes twice. */
function issuerKeyIn(cursor: Cursor, tbsEnd: number): Buffer | undefined {
  const { bytes } = cursor;
  const wrapEnd = enter(cursor, tags.extensions, tbsEnd);
  const listEnd = enter(cursor, tags.sequence, wrapEnd);
  const found: Buffer[] = [];
  while (cursor.at < listEnd) {
    const end = enter(cursor, tags.sequence, listEnd);
    const idEnd = enter(cursor, tags.oid, end);
    if (idEnd < 0) return undefined;
    const isOurs =
      idEnd - cursor.at === authorityKeyIdentifier.length && hasBytes(bytes, cursor.at, authorityKeyIdentifier);
    cursor.at = idEnd;
    skip(cursor, tags.boolean, end);
    if (enter(cursor, tags.octetString, end) !== end) return undefined;
    if (isOurs) {
      const valueEnd = enter(cursor, tags.sequence, end);
      const keyEnd = enter(cursor, keyIdentifier, valueEnd);
      if (keyEnd <= cursor.at || keyEnd - cursor.at > longestKey) return undefined;
      found.push(bytes.subarray(cursor.at, keyEnd));
    }
    cursor.at = end;
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Puts the cursor behind the value that stands there; false, with the cursor left alone, where another tag does. */
function skip(cursor: Cursor, tag: number, limit: number): boolean {
  const end = enter(cursor, tag, limit);
  if (end < 0) return false;
  cursor.at = end;
  return true;
}
