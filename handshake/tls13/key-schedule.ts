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
  const asked = Buffer.allocUnsafe(5 + full.length + context.length);
  asked.writeUInt16BE(length, 0);
  asked[2] = full.length;
  asked.write(full, 3, 'latin1');
  asked[3 + full.length] = context.length;
  asked.set(context, 4 + full.length);
  asked[asked.length - 1] = 1;
  const expanded = hmac(name, secret, asked);
  return length < expanded.length ? expanded.subarray(0, length) : expanded;
}

/**
 * HMAC (RFC 2104) of two one-shot hashes, in bytes of Node's pool: a handshake has eleven, and createHmac takes longer. A key is not longer than a
 * block.
 */
export function hmac(name: HashName, key: Uint8Array, content: Uint8Array): Buffer {
  const block = blocks[name];
  const inner = Buffer.allocUnsafe(block + content.length).fill(0x36, key.length, block);
  const outer = Buffer.allocUnsafe(block + digests[name]).fill(0x5c, key.length, block);
  for (let at = 0; at < key.length; at++) {
    inner[at] = (key[at] ?? 0) ^ 0x36;
    outer[at] = (key[at] ?? 0) ^ 0x5c;
  }
  inner.set(content, block);
  outer.write(hash(name, inner, 'binary'), block, 'latin1');
  return digest(name, outer);
}

/** As text on the way: for bytes node takes a piece of memory of their own each time, which is dear to give back. */
export function digest(name: HashName, content: Uint8Array): Buffer {
  return Buffer.from(hash(name, content, 'binary'), 'latin1');
}

const none = new Uint8Array(0);

/** Bytes (FIPS 180-4). */
const blocks: Record<HashName, number> = { sha256: 64, sha384: 128 };
const digests: Record<HashName, number> = { sha256: 32, sha384: 48 };

/** Derive-Secret(Early Secret, "derived", ""): without a pre-shared key always the same (RFC 8446 7.1; for SHA-256 also in RFC 8448 3). */
const derivedEarly: Record<HashName, string> = {
  sha256: '6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba',
  sha384: '1591dac5cbbf0330a4a84de9c753330e92d01f0a88214b4464972fd668049e93e52f2b16fad922fdc0584478428f282b',
};
