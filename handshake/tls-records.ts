import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { OpenRecord } from './tls13/record-protection.ts';

/** One handshake message without its header (RFC 8446 4). */
export interface HandshakeMessage {
  type: number;
  body: Uint8Array;
}

/** Record types (RFC 8446 5.1). */
const handshake = 22;
const changeCipherSpec = 20;
const alert = 21;
const applicationData = 23;
/** An alert after which a handshake goes on (RFC 5246 7.2). */
const warning = 1;

/** Records, and messages. A first flight in the smallest pieces that servers use, 512 bytes, has some 200; each costs work of its own. */
export const mostPieces = 1000;

/** RFC 8446 5.2: 2^14 bytes and what protection adds; TLS 1.2 allows 2048. */
export const longestRecord = 16_384 + 2048;

/**
 * The handshake messages in what a TLS server sent, in order, as long as they can be read: up to the end of the bytes, or to
 * the first record that is neither a handshake nor can be opened. A warning is passed over: before TLS 1.3 a server that does not
 * know the name warns, and goes on (RFC 6066 3). `opening` is asked with each whole message in plain text,
 * and may give the means to open the protected records that follow (TLS 1.3 protects all that comes after ServerHello).
 * Reading ends early where `enough` says so of a message. Failure: 'malformed', also for more than 1000 records or messages.
 */
export function handshakeMessages(
  bytes: Uint8Array,
  opening: (message: HandshakeMessage) => OpenRecord | undefined,
  enough: (message: HandshakeMessage) => boolean,
): Result<HandshakeMessage[]> {
  const messages: HandshakeMessage[] = [];
  let open: OpenRecord | undefined;
  let parts: Uint8Array[] = [];
  let missing = 4;
  for (let at = 0, records = 1; at + 5 <= bytes.length; records++) {
    if (Math.max(records, messages.length) > mostPieces)
      return failed('malformed', `more than ${mostPieces} TLS records or messages before a certificate`);
    const length = uint16(bytes, at + 3);
    if (length > longestRecord || bytes[at + 1] !== 3) return failed('malformed', 'not a TLS record');
    const header = bytes.subarray(at, at + 5);
    const body = bytes.subarray(at + 5, at + 5 + length);
    if (body.length < length) break;
    at += 5 + length;
    let type = header[0];
    let content = body;
    if (type === changeCipherSpec || (type === alert && length === 2 && content[0] === warning)) continue;
    if (type === applicationData && open) {
      const opened = open(header, body);
      if (!opened.ok) return opened;
      ({ type, content } = opened.value);
    }
    if (type !== handshake) break;
    parts.push(content);
    missing -= content.length;
    if (missing > 0) continue;
    let pending: Uint8Array = Buffer.concat(parts);
    for (;;) {
      const size = pending.length < 4 ? 0 : uint24(pending, 1);
      missing = 4 + size - pending.length;
      if (missing > 0) break;
      const message = { type: pending[0] ?? 0, body: pending.subarray(4, 4 + size) };
      pending = pending.subarray(4 + size);
      messages.push(message);
      if (enough(message)) return success(messages);
      open ??= opening(message);
    }
    parts = [pending];
  }
  return success(messages);
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | uint16(bytes, at + 1);
}
