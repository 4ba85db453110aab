import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';
import { chainOf } from './certificate-message.ts';
import { readServerHello, type ServerHello } from './server-hello.ts';
import { type HandshakeMessage, handshakeMessages } from './tls-records.ts';
import { type OpenRecord, recordOpening, suites } from './tls13/record-protection.ts';

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
const serverKeyExchange = 12;

/**
 * Reads what the server sent, from its first byte on, up to its Certificate message. TLS 1.3 protects that one:
 * `keyLog` has the client's key log lines (NSS format), of which SERVER_HANDSHAKE_TRAFFIC_SECRET is used. OpenSSL and Node
 * give a chain only as they would follow it, sorted and without what they do not need: this is the chain as sent.
 * Failures: 'malformed'; 'handshake-failed' where no Certificate message could be read, or it is empty.
 */
export function sentCertificates(bytes: Uint8Array, keyLog: readonly string[]): Result<SentCertificates> {
  let hello: ServerHello | undefined;
  const opening = (message: HandshakeMessage): OpenRecord | undefined => {
    if (message.type !== serverHello) return undefined;
    const read = readServerHello(message.body);
    if (read) hello = read;
    const secret = handshakeSecret(keyLog);
    const suite = hello?.version === 0x0304 && !hello.retry ? suites.get(hello.suite) : undefined;
    return suite && secret ? recordOpening(suite, secret) : undefined;
  };
  const messages = handshakeMessages(bytes, opening, ({ type }) => type === certificate);
  if (!messages.ok) return messages;
  const last = messages.value.at(-1);
  if (!hello || last?.type !== certificate) return failed('handshake-failed', 'the server presented no certificate');
  const chain = chainOf(last.body, hello.version === 0x0304);
  if (!chain.ok) return chain;
  return success({ chain: chain.value, tlsVersion: versions.get(hello.version) ?? 'unknown' });
}

/**
 * Whether OpenSSL's client, which failed behind the Certificate message, had found proof by then that the server holds the leaf's key: in TLS 1.3 its Finished,
 * behind which alone there is a SERVER_TRAFFIC_SECRET_0; in TLS 1.2 its signed ServerKeyExchange, which is checked before there is a CLIENT_RANDOM.
 * Where TLS 1.2 has none (keys exchanged by RSA), nothing is proved before the Finished.
 */
export function hadProof(bytes: Uint8Array, keyLog: readonly string[]): boolean {
  const has = (label: string) => keyLog.some((line) => line.startsWith(`${label} `));
  if (has('SERVER_TRAFFIC_SECRET_0')) return true;
  const messages = handshakeMessages(
    bytes,
    () => undefined,
    ({ type }) => type === serverKeyExchange,
  );
  return has('CLIENT_RANDOM') && messages.ok && messages.value.at(-1)?.type === serverKeyExchange;
}

const versions = new Map([
  [0x0301, 'TLSv1'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);

function handshakeSecret(keyLog: readonly string[]): Uint8Array | undefined {
  for (const line of keyLog) {
    const secret = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)\s*$/.exec(line)?.[1];
    if (secret !== undefined) return Buffer.from(secret, 'hex');
  }
  return undefined;
}
