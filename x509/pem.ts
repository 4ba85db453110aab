import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';

/** One textual encoding (RFC 7468): its label, where it begins, and the bytes between its two lines. */
export interface PemBlock {
  /** "CERTIFICATE", "EC PRIVATE KEY", … */
  label: string;
  /** Line of its BEGIN, counted from 1. */
  line: number;
  /** The base64 text as found: a view into the file's bytes, so that a key is never copied. */
  body: Uint8Array;
  /** False when the file, or the next BEGIN, came before its END. */
  ended: boolean;
}

/**
 * Finds the blocks in a file, with any text around them, in one pass. As in OpenSSL a BEGIN or END stands at the
 * start of its line and may have spaces after it; unlike OpenSSL a byte order mark before the first is skipped.
 */
export function readPemBlocks(bytes: Uint8Array): PemBlock[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lineAt = lineCounter(file);
  const blocks: PemBlock[] = [];
  let open: { label: string; begin: number; from: number } | undefined;
  const close = (to: number, ended: boolean) => {
    if (open) blocks.push(blockOf(open.label, open.begin, file.subarray(open.from, to), ended, lineAt));
    open = undefined;
  };

  const start = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0;
  for (let at = file[start] === dash ? start : nextMark(file, start); at < file.length; ) {
    const newline = file.indexOf(lineFeed, at);
    const end = newline < 0 ? file.length : newline;
    const mark = readMark(file, at, end);
    if (mark?.kind === 'BEGIN') {
      close(at, false);
      open = { label: mark.label, begin: at, from: Math.min(end + 1, file.length) };
    } else if (mark?.kind === 'END' && open) {
      close(at, mark.label === open.label);
    }
    at = nextMark(file, end);
  }
  close(file.length, false);
  return blocks;
}

/** The bytes that a block encodes. Failure: 'malformed' (never with any of the text in it). */
export function decodePem(block: PemBlock): Result<Uint8Array> {
  if (!block.ended) return failed('malformed', `no matching END ${block.label} line`);
  const text = latin1(block.body);
  const plain = decodeLines(text);
  if (plain) return success(plain);
  const base64 = text
    // RFC 1421 headers ("Proc-Type: …") end with an empty line
    .replace(/^[A-Za-z-]+:[\s\S]*?\n[ \t\r]*\n/, '')
    .replace(/\s+/g, '');
  if (base64 === '') return failed('malformed', 'nothing between BEGIN and END');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return failed('malformed', 'not base64');
  return success(Buffer.from(base64, 'base64'));
}

/** Labels under which OpenSSL, and so nginx, reads a certificate. The last has trust settings after its DER. */
export function isCertificateLabel(label: string): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE';
}

/** "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", … */
export function isKeyLabel(label: string): boolean {
  return label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY');
}

const dash = 0x2d;
const lineFeed = 0x0a;
const longestMark = 200;
const lineLength = 65;

/** Where the next line begins that may be a mark, else the end of the file. */
function nextMark(file: Buffer, from: number): number {
  const found = file.indexOf('\n-----', from, 'latin1');
  return found < 0 ? file.length : found + 1;
}

function readMark(file: Buffer, from: number, to: number): { kind: string; label: string } | undefined {
  if (to - from > longestMark) return undefined;
  const [, kind, label] = /^-----(BEGIN|END) (.*)-----\s*$/.exec(file.toString('latin1', from, to)) ?? [];
  return kind === undefined || label === undefined ? undefined : { kind, label };
}

/** The line is only told where a block has to be pointed at: counting lines takes longer than finding blocks. */
function blockOf(
  label: string,
  begin: number,
  body: Uint8Array,
  ended: boolean,
  lineAt: (offset: number) => number,
): PemBlock {
  return {
    label,
    get line() {
      return lineAt(begin);
    },
    body,
    ended,
  };
}

/** Goes on from the last answer, so that asking in order counts each line once. */
function lineCounter(file: Buffer): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    if (offset < at) [line, at] = [1, 0];
    for (let next = file.indexOf(lineFeed, at); next >= 0 && next < offset; next = file.indexOf(lineFeed, at)) {
      line++;
      at = next + 1;
    }
    return line;
  };
}

/** Base64 in lines of 64, as everybody writes it, and nothing else. Undefined for every other way. */
function decodeLines(text: string): Buffer | undefined {
  const lines = Math.ceil(text.length / lineLength);
  const characters = text.length - lines;
  if (characters === 0 || characters % 4 !== 0 || text.charCodeAt(text.length - 1) !== lineFeed) return undefined;
  for (let at = lineLength - 1; at < text.length; at += lineLength)
    if (text.charCodeAt(at) !== lineFeed) return undefined;
  // Buffer passes over what is no base64, and knows base64url: only the right length and neither of its characters will do
  if (text.includes('-') || text.includes('_')) return undefined;
  const decoded = Buffer.from(text, 'base64');
  const padding = text.endsWith('==\n') ? 2 : text.endsWith('=\n') ? 1 : 0;
  return decoded.length === (characters / 4) * 3 - padding ? decoded : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
