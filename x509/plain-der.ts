import { Buffer } from 'node:buffer';

/** Where in some DER (X.690) a reader stands. */
export interface Cursor {
  bytes: Buffer;
  at: number;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** [2] of GeneralName (RFC 5280 4.2.1.6) */
  dnsName: 0x82,
  /** [3] of TBSCertificate */
  extensions: 0xa3,
} as const;

/**
 * Puts the cursor on the content of the value that stands there and answers with the index behind it. -1, with the cursor
 * left alone, where another tag stands there, its length takes more bytes than it needs, or it goes beyond `limit`.
 */
export function enter(cursor: Cursor, tag: number, limit: number): number {
  const { bytes, at } = cursor;
  if (at < 0 || at + 2 > limit || bytes[at] !== tag) return -1;
  let length = bytes[at + 1] ?? 0;
  let content = at + 2;
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count < 1 || count > 3 || content + count > limit) return -1;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[content + index] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1)) return -1;
    content += count;
  }
  if (content + length > limit) return -1;
  cursor.at = content;
  return content + length;
}

/** DER, or the content of an OBJECT IDENTIFIER, from its hexadecimal. */
export function oid(hex: string): readonly number[] {
  return [...Buffer.from(hex, 'hex')];
}

export function hasBytes(bytes: Buffer, at: number, wanted: readonly number[]): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}

/** Is this the content of an OBJECT IDENTIFIER (X.690 8.19): arcs that end, in as few bytes as they need? */
export function isOid(bytes: Buffer, from: number, to: number): boolean {
  let starts = true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (starts && byte === 0x80) return false;
    starts = byte < 0x80;
  }
  return starts && to > from;
}
