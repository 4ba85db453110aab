import { Buffer } from 'node:buffer';
import { uint16 } from './tls-records.ts';

/** A ServerHello (RFC 8446 4.1.3, RFC 5246 7.4.1.3). */
export interface ServerHello {
  /** As supported_versions says it where it is there: 0x0304. */
  version: number;
  suite: number;
  compression: number;
  /** A HelloRetryRequest. */
  retry: boolean;
  sessionId: Uint8Array;
  /** By their type. */
  extensions: Map<number, Uint8Array>;
}

/** The random that makes a ServerHello a HelloRetryRequest (RFC 8446 4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

const supportedVersions = 43;

/** Version, random, session id, cipher suite, compression, extensions. undefined: it is too short. */
export function readServerHello(body: Uint8Array): ServerHello | undefined {
  const session = body[34];
  if (body.length < 38 || session === undefined || body.length < 38 + session) return undefined;
  const extensions = extensionsIn(body.subarray(40 + session));
  const told = extensions.get(supportedVersions);
  return {
    version: told?.length === 2 ? uint16(told, 0) : uint16(body, 0),
    suite: uint16(body, 35 + session),
    compression: body[37 + session] ?? 0,
    retry: Buffer.from(body.subarray(2, 34)).toString('hex') === retryRandom,
    sessionId: body.subarray(35, 35 + session),
    extensions,
  };
}

/** A list of extensions without its length, as far as it can be read (RFC 8446 4.2). */
export function extensionsIn(list: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + 4 <= list.length; ) {
    const end = at + 4 + uint16(list, at + 2);
    if (end > list.length) break;
    found.set(uint16(list, at), list.subarray(at + 4, end));
    at = end;
  }
  return found;
}
