import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Result } from '@certherd/protocol/failure';

/** A log's tree at a moment, signed by its key. */
export interface Checkpoint {
  /** Entries in it. */
  size: number;
  root: Uint8Array;
  /** When it was signed, in milliseconds since 1970. */
  timestamp: number;
}

/** Which log is meant. */
export interface LogIdentity {
  /** Its submission prefix without scheme and closing slash: "rome.ct.example.com/2024h1". */
  origin: string;
  key: KeyObject;
}

/** Undefined: no public key that logs sign with (RFC 6962 2.1.4: ECDSA or RSA). `base64`: SubjectPublicKeyInfo in DER, as lists of logs have it. */
export function logKey(base64: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' || key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a checkpoint (c2sp.org/tlog-checkpoint) and verifies the signature of the log's own key, of type 0x05 (c2sp.org/static-ct-api, "Checkpoints"). Those of others
 * do not count. The failure says what is wrong.
 */
export function readCheckpoint(text: string, { origin, key }: LogIdentity): Result<Checkpoint, string> {
  const split = text.indexOf('\n\n');
  const lines = split < 0 ? [] : text.slice(0, split).split('\n');
  const [name, sizeText = '', rootText = ''] = lines;
  if (lines.length !== 3 || !/^(?:0|[1-9]\d{0,14})$/.test(sizeText) || !/^[A-Za-z0-9+/]{43}=$/.test(rootText))
    return wrong('it is no checkpoint of a log');
  if (name !== origin) return wrong(`it is of another log: ${JSON.stringify(name?.slice(0, 100))}`);
  const tree = { size: Number(sizeText), root: Buffer.from(rootText, 'base64') };
  const keyId = keyIdOf(origin, key);
  for (const line of text.slice(split + 2).split('\n')) {
    const [, signer, encoded = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    const bytes = Buffer.from(encoded, 'base64');
    if (signer !== origin || bytes.length < 16 || !bytes.subarray(0, 4).equals(keyId)) continue;
    const timestamp = bytes.readBigUInt64BE(4);
    if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return wrong('its time is none');
    const checkpoint = { ...tree, timestamp: Number(timestamp) };
    return isSigned(checkpoint, bytes.subarray(12), key)
      ? { ok: true, value: checkpoint }
      : wrong('its signature is not of the key that is configured');
  }
  return wrong('it has no signature of the key that is configured');
}

/** The first bytes of a hash over the name, the type of signature and the LogID, which is the hash of the key (RFC 6962 3.2). */
export function keyIdOf(origin: string, key: KeyObject): Buffer {
  const logId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  return createHash('sha256').update(`${origin}\n\u0005`).update(logId).digest().subarray(0, 4);
}

/** What a log signs of its tree: TreeHeadSignature, v1, tree_hash (RFC 6962 3.5). */
export function treeHead({ size, root, timestamp }: Checkpoint): Buffer {
  const head = Buffer.alloc(18);
  head.writeUInt8(1, 1);
  head.writeBigUInt64BE(BigInt(timestamp), 2);
  head.writeBigUInt64BE(BigInt(size), 10);
  return Buffer.concat([head, root]);
}

/** digitally-signed (RFC 5246 4.7): hash, kind of key, and the signature with its length. */
function isSigned(checkpoint: Checkpoint, signed: Buffer, key: KeyObject): boolean {
  const [hash, kind] = signed;
  const signature = signed.subarray(4);
  const isOfKey = kind === (key.asymmetricKeyType === 'ec' ? 3 : 1);
  if (hash !== 4 || !isOfKey || signed.readUInt16BE(2) !== signature.length) return false;
  return verify('sha256', treeHead(checkpoint), key, signature);
}

function wrong(failure: string): { ok: false; failure: string } {
  return { ok: false, failure };
}
