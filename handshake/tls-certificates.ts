import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';
import {
  type HandshakeMessage,
  handshakeMessages,
  type OpenRecord,
  tls13Opening,
  uint16,
  uint24,
} from './tls-records.ts';

/** The certificates in a TLS server's first flight. */
export interface SentCertificates {
  /** DER, in the order in which they were sent, repeats and strangers included (RFC 5246 7.4.2, RFC 8446 4.4.2). */
  chain: Uint8Array[];
  /** "TLSv1.3", as OpenSSL writes it. */
  tlsVersion: string;
}

/** Handshake types (RFC 8446 4). */
const serverHello = 2;
const certificate = 11;

/** The random that makes a ServerHello a HelloRetryRequest (RFC 8446 4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

const mostCertificates = 100;

/**
 * Reads what the server sent, from its first byte on, up to its Certificate message. TLS 1.3 protects that one:
 * `keyLog` has the client's key log lines (NSS format), of which SERVER_HANDSHAKE_TRAFFIC_SECRET is used. OpenSSL and Node
 * give a chain only as they would follow it, sorted and without what they do not need: this is the chain as sent.
 * Failures: 'malformed'; 'handshake-failed' where no Certificate message could be read, or it is empty.
 */
export function sentCertificates(bytes: Uint8Array, keyLog: readonly string[]): Result<SentCertificates> {
  let hello: Hello | undefined;
  const opening = (message: HandshakeMessage): OpenRecord | undefined => {
    if (message.type !== serverHello) return undefined;
    const read = helloOf(message.body);
    if (read) hello = read;
    const secret = handshakeSecret(keyLog);
    return hello?.version === 0x0304 && !hello.retry && secret ? tls13Opening(hello.suite, secret) : undefined;
  };
  const messages = handshakeMessages(bytes, opening, ({ type }) => type === certificate);
  if (!messages.ok) return messages;
  const last = messages.value.at(-1);
  if (!hello || last?.type !== certificate) return failed('handshake-failed', 'the server presented no certificate');
  const chain = chainOf(last.body, hello.version === 0x0304);
  if (!chain.ok) return chain;
  if (chain.value.length === 0) return failed('handshake-failed', 'the server presented no certificate');
  return success({ chain: chain.value, tlsVersion: versions.get(hello.version) ?? 'unknown' });
}

const versions = new Map([
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);

interface Hello {
  version: number;
  suite: number;
  retry: boolean;
}

/** Version, random, session id, cipher suite, compression, extensions (RFC 8446 4.1.3); supported_versions (43) names TLS 1.3. */
function helloOf(body: Uint8Array): Hello | undefined {
  const session = body[34];
  if (body.length < 38 || session === undefined || body.length < 38 + session) return undefined;
  const suite = uint16(body, 35 + session);
  let version = uint16(body, 0);
  for (let at = 40 + session; at + 4 <= body.length; at += 4 + uint16(body, at + 2)) {
    if (uint16(body, at) === 43 && uint16(body, at + 2) === 2 && at + 6 <= body.length) version = uint16(body, at + 4);
  }
  return { version, suite, retry: Buffer.from(body.subarray(2, 34)).toString('hex') === retryRandom };
}

function handshakeSecret(keyLog: readonly string[]): Uint8Array | undefined {
  for (const line of keyLog) {
    const secret = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)\s*$/.exec(line)?.[1];
    if (secret !== undefined) return Buffer.from(secret, 'hex');
  }
  return undefined;
}

/** TLS 1.3 has a context before the list, and extensions behind each certificate. */
function chainOf(body: Uint8Array, tls13: boolean): Result<Uint8Array[]> {
  const broken = failed('malformed', 'a Certificate message whose lengths do not fit');
  let at = tls13 ? 1 + (body[0] ?? 0) : 0;
  if (body.length < at + 3 || at + 3 + uint24(body, at) !== body.length) return broken;
  at += 3;
  const chain: Uint8Array[] = [];
  while (at < body.length) {
    const length = uint24(body, at);
    const extensions = tls13 ? 2 + uint16(body, at + 3 + length) : 0;
    if (length === 0 || at + 3 + length + extensions > body.length) return broken;
    if (chain.length >= mostCertificates) return failed('malformed', `more than ${mostCertificates} certificates`);
    // a copy: a small certificate must not keep the whole flight in memory
    chain.push(Uint8Array.from(body.subarray(at + 3, at + 3 + length)));
    at += 3 + length + extensions;
  }
  return success(chain);
}
