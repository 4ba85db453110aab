import { Buffer } from 'node:buffer';
import { extensionsIn } from '../server-hello.ts';
import { uint16 } from '../tls-records.ts';

/** A ClientHello (RFC 8446 4.1.2) without what is new in each handshake, and what it offers. */
export interface HelloTemplate {
  /** Cipher suites and compression methods, with their lengths. */
  choices: Uint8Array;
  /** All extensions but those for the name and the key, with types and lengths. */
  extensions: Uint8Array;
  /** The types of all extensions, those two among them: a server answers no other (RFC 8446 4.2). */
  types: ReadonlySet<number>;
  suites: ReadonlySet<number>;
  signatures: ReadonlySet<number>;
  protocols: readonly string[];
}

/** The ClientHello of one handshake. */
export interface SentHello {
  /** The message with its header, as the transcript has it. */
  message: Buffer;
  /** In its record. */
  record: Buffer;
  sessionId: Uint8Array;
  offered: HelloTemplate;
}

/** Types of extensions (RFC 8446 4.2, RFC 7301). */
export const applicationProtocols = 16;
export const keyShare = 51;
const serverNameType = 0;
const signatureAlgorithms = 13;

const none = new Uint8Array(0);

/** X25519 (RFC 8446 4.2.7), the length of its keys, and what stands before one in a SubjectPublicKeyInfo (RFC 8410 4). */
export const x25519 = { group: 0x001d, length: 32, spki: Buffer.from('302a300506032b656e032100', 'hex') } as const;

/**
 * Reads the record with which OpenSSL begins a handshake. undefined: it offers no TLS 1.3, or no key for X25519 alone, and is none that the client
 * here could send.
 */
export function helloTemplate(record: Uint8Array): HelloTemplate | undefined {
  const fixed = 5 + 4 + 2 + 32;
  const choicesAt = fixed + 1 + (record[fixed] ?? 0);
  const compressionAt = choicesAt + 2 + uint16(record, choicesAt);
  const choicesEnd = compressionAt + 1 + (record[compressionAt] ?? 0);
  const extensions = extensionsIn(record.subarray(choicesEnd + 2));
  const share = extensions.get(keyShare);
  if (share?.length !== 6 + x25519.length || uint16(share, 2) !== x25519.group) return undefined;
  const kept = [...extensions].filter(([type]) => type !== serverNameType && type !== keyShare);
  return {
    choices: Uint8Array.from(record.subarray(choicesAt, choicesEnd)),
    extensions: Buffer.concat(kept.map(([type, body]) => extension(type, body))),
    types: new Set([serverNameType, ...extensions.keys()]),
    suites: new Set(numbersIn(record.subarray(choicesAt + 2, compressionAt))),
    signatures: new Set(numbersIn((extensions.get(signatureAlgorithms) ?? none).subarray(2))),
    protocols: protocolsIn(extensions.get(applicationProtocols) ?? none),
  };
}

/**
 * `random`: 64 bytes, of which half is the session id, which TLS 1.3 has for the sake of boxes on the way that know nothing newer than 1.2 (RFC 8446
 * D.4). `publicKey`: of X25519. A name that is none which could be sent is left out.
 */
export function clientHello(
  template: HelloTemplate,
  random: Uint8Array,
  publicKey: Uint8Array,
  serverName: string,
): SentHello {
  const sessionId = random.subarray(32, 64);
  const share = Buffer.alloc(6 + x25519.length);
  share.writeUInt16BE(4 + x25519.length, 0);
  share.writeUInt16BE(x25519.group, 2);
  share.writeUInt16BE(x25519.length, 4);
  share.set(publicKey, 6);
  const extensions = Buffer.concat([named(serverName), template.extensions, extension(keyShare, share)]);
  const body = Buffer.concat([
    Uint8Array.of(3, 3),
    random.subarray(0, 32),
    Uint8Array.of(sessionId.length),
    sessionId,
    template.choices,
    twoBytes(extensions.length),
    extensions,
  ]);
  const record = Buffer.concat([
    // the record says 1.0, as OpenSSL and others do (RFC 8446 5.1)
    Uint8Array.of(22, 3, 1),
    twoBytes(body.length + 4),
    Uint8Array.of(1, 0),
    twoBytes(body.length),
    body,
  ]);
  return { message: record.subarray(5), record, sessionId, offered: template };
}

/** server_name (RFC 6066 3). */
function named(serverName: string): Uint8Array {
  // as OpenSSL takes it, whose strings end at a zero
  const name = Buffer.from(serverName.split('\0')[0] ?? '', 'utf8');
  if (name.length === 0 || name.length > 255) return none;
  return extension(
    serverNameType,
    Buffer.concat([twoBytes(name.length + 3), Uint8Array.of(0), twoBytes(name.length), name]),
  );
}

function extension(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([twoBytes(type), twoBytes(body.length), body]);
}

function twoBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function numbersIn(list: Uint8Array): number[] {
  return Array.from({ length: list.length >> 1 }, (_, index) => uint16(list, 2 * index));
}

/** A list of protocol names with its length (RFC 7301 3.1). */
export function protocolsIn(list: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 2; at < list.length; at += 1 + (list[at] ?? 0))
    names.push(Buffer.from(list.subarray(at + 1, at + 1 + (list[at] ?? 0))).toString('latin1'));
  return names;
}
