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
  const blocks: PemBlock[] = [];
  let open: { label: string; line: number; from: number } | undefined;
  const close = (to: number, ended: boolean) => {
    if (open) blocks.push({ label: open.label, line: open.line, body: file.subarray(open.from, to), ended });
    open = undefined;
  };

  let line = 0;
  for (let at = file.indexOf(byteOrderMark) === 0 ? 3 : 0; at < file.length; ) {
    line += 1;
    const newline = file.indexOf(0x0a, at);
    const end = newline < 0 ? file.length : newline;
    const next = Math.min(end + 1, file.length);
    const mark = file[at] === dash ? readMark(file, at, end) : undefined;
    if (mark?.kind === 'BEGIN') {
      close(at, false);
      open = { label: mark.label, line, from: next };
    } else if (mark?.kind === 'END' && open) {
      close(at, mark.label === open.label);
    }
    at = newline < 0 ? file.length : next;
  }
  close(file.length, false);
  return blocks;
}

/** The bytes that a block encodes. Failure: 'malformed' (never with any of the text in it). */
export function decodePem(block: PemBlock): Result<Uint8Array> {
  if (!block.ended) return failed('malformed', `no matching END ${block.label} line`);
  const base64 = latin1(block.body)
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

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const dash = 0x2d;
const longestMark = 200;

function readMark(file: Buffer, from: number, to: number): { kind: string; label: string } | undefined {
  if (to - from > longestMark) return undefined;
  const [, kind, label] = /^-----(BEGIN|END) (.*)-----\s*$/.exec(latin1(file.subarray(from, to))) ?? [];
  return kind === undefined || label === undefined ? undefined : { kind, label };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
