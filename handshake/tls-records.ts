import { Buffer } from 'node:buffer';
import { createDecipheriv, createHmac } from 'node:crypto';
import { failed, type Result, success } from '@certherd/protocol/failure';

/** One handshake message without its header (RFC 8446 4). */
export interface HandshakeMessage {
  type: number;
  body: Uint8Array;
}

/** Opens one protected record of the server's first flight: the content of the record and its true type. */
export type OpenRecord = (header: Uint8Array, body: Uint8Array) => Result<{ type: number; content: Uint8Array }>;

/** Record types (RFC 8446 5.1). */
const handshake = 22;
const changeCipherSpec = 20;
const alert = 21;
const applicationData = 23;
/** An alert after which a handshake goes on (RFC 5246 7.2). */
const warning = 1;

/** Records, and messages. A first flight in the smallest pieces that servers use, 512 bytes, has some 200; each costs work of its own. */
const most = 1000;

/** RFC 8446 5.2: 2^14 bytes and what protection adds; TLS 1.2 allows 2048. */
const longestRecord = 16_384 + 2048;

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
    if (Math.max(records, messages.length) > most)
      return failed('malformed', `more than ${most} TLS records or messages before a certificate`);
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

interface Suite {
  /** node:crypto's name. */
  cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  hash: string;
  /** Bytes. */
  keyLength: number;
}

/** TLS 1.3's cipher suites that OpenSSL offers (RFC 8446 B.4). */
const suites = new Map<number, Suite>([
  [0x1301, { cipher: 'aes-128-gcm', hash: 'sha256', keyLength: 16 }],
  [0x1302, { cipher: 'aes-256-gcm', hash: 'sha384', keyLength: 32 }],
  [0x1303, { cipher: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 }],
]);

/** Opens TLS 1.3 records in the order in which they came (RFC 8446 5.2, 7.3); undefined for a suite that is not known here. */
export function tls13Opening(suite: number, trafficSecret: Uint8Array): OpenRecord | undefined {
  const known = suites.get(suite);
  if (!known) return undefined;
  const key = expanded(known.hash, trafficSecret, 'key', known.keyLength);
  const iv = expanded(known.hash, trafficSecret, 'iv', 12);
  let sequence = 0;
  return (header, body) => {
    if (body.length < 17) return failed('malformed', 'a protected record without content');
    const nonce = Uint8Array.from(iv);
    for (let byte = 0; byte < 4; byte++)
      nonce[11 - byte] = (nonce[11 - byte] ?? 0) ^ ((sequence >>> (8 * byte)) & 0xff);
    sequence++;
    try {
      const tag = { authTagLength: 16 };
      const decipher =
        known.cipher === 'chacha20-poly1305'
          ? createDecipheriv(known.cipher, key, nonce, tag)
          : createDecipheriv(known.cipher, key, nonce, tag);
      decipher.setAAD(header, { plaintextLength: body.length - 16 });
      decipher.setAuthTag(body.subarray(body.length - 16));
      const plain = decipher.update(body.subarray(0, body.length - 16));
      decipher.final();
      const end = plain.findLastIndex((byte) => byte !== 0);
      if (end < 0) return failed('malformed', 'a protected record of padding alone');
      return success({ type: plain[end] ?? 0, content: plain.subarray(0, end) });
    } catch {
      return failed('malformed', 'a protected record that its key does not open');
    }
  };
}

/** HKDF-Expand-Label with an empty context (RFC 8446 7.1). What is asked for is never longer than the hash: one round of HMAC. */
function expanded(hash: string, secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = Buffer.from(`tls13 ${label}`, 'latin1');
  const asked = Buffer.concat([Buffer.from([length >> 8, length & 0xff, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(asked).digest().subarray(0, length);
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | uint16(bytes, at + 1);
}
