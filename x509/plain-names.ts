import { type Cursor, enter, hasBytes, oid, tags } from './plain-der.ts';

/**
 * A Name (RFC 5280 4.1.2.4) in node's words, attributes joined with ", ". Undefined, with the cursor anywhere, unless each
 * attribute is of a usual type and its value has only characters that OpenSSL writes as they are.
 */
export function nameText(cursor: Cursor, limit: number): string | undefined {
  const end = enter(cursor, tags.sequence, limit);
  if (end < 0) return undefined;
  let text = '';
  while (cursor.at < end) {
    const setEnd = enter(cursor, tags.set, end);
    const pairEnd = enter(cursor, tags.sequence, setEnd);
    if (setEnd < 0 || pairEnd !== setEnd || enter(cursor, tags.oid, pairEnd) !== cursor.at + 3) return undefined;
    const { bytes } = cursor;
    if (!hasBytes(bytes, cursor.at, attributeType)) return undefined;
    const type = attributes[bytes[cursor.at + 2] ?? 0];
    cursor.at += 3;
    const tag = bytes[cursor.at] ?? 0;
    const isText = tag === tags.utf8String || tag === tags.printableString || tag === tags.ia5String;
    if (type === undefined || !isText || enter(cursor, tag, pairEnd) !== pairEnd) return undefined;
    if (!isPlain(cursor, pairEnd)) return undefined;
    text += `${text === '' ? '' : ', '}${type}=${bytes.toString('latin1', cursor.at, pairEnd)}`;
    cursor.at = pairEnd;
  }
  return text;
}

/** The names in a SubjectAltName (RFC 5280 4.2.1.6) if each is a dNSName of letters, digits, "*", ".", "_" and "-". */
export function dnsNames(cursor: Cursor, limit: number): string[] | undefined {
  const end = enter(cursor, tags.sequence, limit);
  if (end !== limit) return undefined;
  const { bytes } = cursor;
  const names: string[] = [];
  while (cursor.at < end) {
    const nameEnd = enter(cursor, tags.dnsName, end);
    if (nameEnd <= cursor.at) return undefined;
    for (let at = cursor.at; at < nameEnd; at++) if (hostCharacter[bytes[at] ?? 0] !== 1) return undefined;
    names.push(bytes.toString('latin1', cursor.at, nameEnd));
    cursor.at = nameEnd;
  }
  // an empty list is the other reader's to judge
  return names.length > 0 ? names : undefined;
}

/** X.520's attribute types, without their last byte. */
const attributeType = oid('5504');

/** By the last byte of 2.5.4.N: OpenSSL's short names. */
const attributes: Readonly<Record<number, string>> = {
  3: 'CN',
  6: 'C',
  7: 'L',
  8: 'ST',
  10: 'O',
  11: 'OU',
};

const nameCharacter = charactersOf(/[A-Za-z\d .:/_()'*@&!?-]/);
const hostCharacter = charactersOf(/[A-Za-z\d.*_-]/);

function charactersOf(wanted: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (code < 128 && wanted.test(String.fromCharCode(code)) ? 1 : 0));
}

/** Blanks at either end are escaped (RFC 4514 2.4). */
function isPlain({ bytes, at: from }: Cursor, to: number): boolean {
  if (to === from || bytes[from] === 0x20 || bytes[to - 1] === 0x20) return false;
  for (let at = from; at < to; at++) if (nameCharacter[bytes[at] ?? 0] !== 1) return false;
  return true;
}
