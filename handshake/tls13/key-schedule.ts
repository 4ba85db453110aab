import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';

/** What TLS 1.3 takes for its key schedule (RFC 8446 B.4). */
export type HashName = 'sha256' | 'sha384';

/** The secrets from which each side's keys of the handshake come. */
export interface HandshakeSecrets {
  client: Uint8Array;
  server: Uint8Array;
}

/**
 * Both handshake traffic secrets (RFC 8446 7.1), without a pre-shared key. `shared`: what the key exchange gave; `transcript`: the hash of
 * ClientHello and ServerHello.
 */
export function handshakeSecrets(name: HashName, shared: Uint8Array, transcript: Uint8Array): HandshakeSecrets {
  const secret = hmac(name, Buffer.from(derivedEarly[name], 'hex'), shared);
  const { length } = transcript;
  return {
    client: expandLabel(name, secret, 'c hs traffic', transcript, length),
    server: expandLabel(name, secret, 's hs traffic', transcript, length),
  };
}

/** The content of a Finished message (RFC 8446 4.4.4). `transcript`: the hash of all messages before it. */
export function verifyData(name: HashName, trafficSecret: Uint8Array, transcript: Uint8Array): Buffer {
  return hmac(name, expandLabel(name, trafficSecret, 'finished', none, transcript.length), transcript);
}

/** HKDF-Expand-Label (RFC 8446 7.1). What is asked for is never longer than the hash: one round of HMAC. */
export function expandLabel(
  name: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Buffer {
  const full = `tls13 ${label}`;
  const asked = Buffer.alloc(5 + full.length + context.length, 1);
  asked.writeUInt16BE(length, 0);
  asked[2] = full.length;
  asked.write(full, 3, 'latin1');
  asked[3 + full.length] = context.length;
  asked.set(context, 4 + full.length);
  return hmac(name, secret, asked).subarray(0, length);
}

/**
 * HMAC (RFC 2104) of two one-shot hashes: 3 µs where createHmac takes 12, and a handshake has eleven. A key has whole words of four bytes, and is not
 * longer than a block.
 */
export function hmac(name: HashName, key: Uint8Array, content: Uint8Array): Buffer {
  const block = blocks[name];
  const inner = Buffer.alloc(block + content.length, 0x36);
  const outer = Buffer.alloc(block + 48, 0x5c);
  inner.set(key);
  outer.set(key);
  const innerKey = new Int32Array(inner.buffer, inner.byteOffset, key.length / 4);
  const outerKey = new Int32Array(outer.buffer, outer.byteOffset, key.length / 4);
  // the agent's daemon interprets this: word by word, not byte by byte
  for (let at = 0; at < key.length / 4; at++) {
    innerKey[at] = (innerKey[at] ?? 0) ^ 0x36363636;
    outerKey[at] = (outerKey[at] ?? 0) ^ 0x5c5c5c5c;
  }
  inner.set(content, block);
  const within = hash(name, inner, 'buffer');
  outer.set(within, block);
  return hash(name, outer.subarray(0, block + within.length), 'buffer');
}

const none = new Uint8Array(0);

/** Bytes (FIPS 180-4). */
const blocks: Record<HashName, number> = { sha256: 64, sha384: 128 };

/** Derive-Secret(Early Secret, "derived", ""): without a pre-shared key always the same (RFC 8446 7.1; for SHA-256 also in RFC 8448 3). */
const derivedEarly: Record<HashName, string> = {
  sha256: '6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba',
  sha384: '1591dac5cbbf0330a4a84de9c753330e92d01f0a88214b4464972fd668049e93e52f2b16fad922fdc0584478428f282b',
};
