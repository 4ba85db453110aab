import { Buffer } from 'node:buffer';

/**
 * The name of a file, whose bytes may be any but "/" and NUL. Those that are no UTF-8 become lone surrogates, U+DC80 to
 * U+DCFF (PEP 383), so that the file can be opened by the same name: a decoder's U+FFFD would name another file.
 */
export function nameOfBytes(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(beyondAscii, (found) =>
      found.length > 1
        ? Buffer.from(found, 'latin1').toString('utf8')
        : String.fromCharCode(0xdc00 + found.charCodeAt(0)),
    );
}

/** What to hand to the kernel for a path whose names came from nameOfBytes. */
export function pathBytes(path: string): string | Buffer {
  if (!loneByte.test(path)) return path;
  return Buffer.concat(
    Array.from(path, (character) =>
      loneByte.test(character) ? Buffer.from([character.charCodeAt(0) - 0xdc00]) : Buffer.from(character),
    ),
  );
}

/** Surrogates in pairs are one character here. */
const loneByte = /[\udc80-\udcff]/u;

/** Well-formed sequences of two to four bytes (RFC 3629 4), or one byte that belongs to none. */
const beyondAscii =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;
