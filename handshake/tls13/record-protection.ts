import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { failed, type Result, success } from '@certherd/protocol/failure';
import { expandLabel, type HashName } from './key-schedule.ts';

/** Opens one protected record: the content and its true type. */
export type OpenRecord = (header: Uint8Array, body: Uint8Array) => Result<{ type: number; content: Uint8Array }>;

export interface Suite {
  /** node:crypto's name. */
  cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  hash: HashName;
  /** Bytes. */
  keyLength: number;
}

/** TLS 1.3's cipher suites that OpenSSL offers (RFC 8446 B.4). */
export const suites: ReadonlyMap<number, Suite> = new Map<number, Suite>([
  [0x1301, { cipher: 'aes-128-gcm', hash: 'sha256', keyLength: 16 }],
  [0x1302, { cipher: 'aes-256-gcm', hash: 'sha384', keyLength: 32 }],
  [0x1303, { cipher: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 }],
]);

const applicationData = 23;
const tagLength = 16;

/** Opens TLS 1.3 records in the order in which they came (RFC 8446 5.2, 7.3). Failure: 'malformed'. */
export function recordOpening(suite: Suite, trafficSecret: Uint8Array): OpenRecord {
  const { key, nonce } = keyed(suite, trafficSecret);
  return (header, body) => {
    if (body.length <= tagLength) return failed('malformed', 'a protected record without content');
    const length = body.length - tagLength;
    try {
      // one call for each kind: that is how the types of node:crypto tell which may take additional data
      const decipher =
        suite.cipher === 'chacha20-poly1305'
          ? createDecipheriv(suite.cipher, key, nonce(), { authTagLength: tagLength })
          : createDecipheriv(suite.cipher, key, nonce(), { authTagLength: tagLength });
      decipher.setAAD(header, { plaintextLength: length });
      decipher.setAuthTag(body.subarray(length));
      const plain = decipher.update(body.subarray(0, length));
      decipher.final();
      const end = plain.findLastIndex((byte) => byte !== 0);
      if (end < 0) return failed('malformed', 'a protected record of padding alone');
      return success({ type: plain[end] ?? 0, content: plain.subarray(0, end) });
    } catch {
      return failed('malformed', 'a protected record that its key does not open');
    }
  };
}

/** The first protected record of this side, whole: `content` is of the record type `type`. */
export function firstRecord(suite: Suite, trafficSecret: Uint8Array, type: number, content: Uint8Array): Buffer {
  const { key, nonce } = keyed(suite, trafficSecret);
  const length = content.length + 1 + tagLength;
  const header = Buffer.from([applicationData, 3, 3, length >> 8, length & 0xff]);
  const cipher =
    suite.cipher === 'chacha20-poly1305'
      ? createCipheriv(suite.cipher, key, nonce(), { authTagLength: tagLength })
      : createCipheriv(suite.cipher, key, nonce(), { authTagLength: tagLength });
  cipher.setAAD(header, { plaintextLength: content.length + 1 });
  const body = cipher.update(Buffer.concat([content, Uint8Array.of(type)]));
  cipher.final();
  return Buffer.concat([header, body, cipher.getAuthTag()]);
}

/** `nonce` is that of the next record. */
function keyed({ hash, keyLength }: Suite, secret: Uint8Array): { key: KeyObject; nonce: () => Uint8Array } {
  // a KeyObject: with plain bytes node makes one of them for each record
  const key = createSecretKey(expandLabel(hash, secret, 'key', new Uint8Array(0), keyLength));
  const iv = expandLabel(hash, secret, 'iv', new Uint8Array(0), 12);
  let sequence = 0;
  const nonce = () => {
    const next = new Uint8Array(iv);
    for (let byte = 0; byte < 4; byte++) next[11 - byte] = (next[11 - byte] ?? 0) ^ ((sequence >>> (8 * byte)) & 0xff);
    sequence++;
    return next;
  };
  return { key, nonce };
}
