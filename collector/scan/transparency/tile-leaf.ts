import type { Result } from '@certherd/protocol/failure';
import { leafHash } from './merkle.ts';
import { tileWidth } from './tile-path.ts';

/** One entry of a log. What is in it is a stranger's. */
export interface LoggedEntry {
  /** When the log took it, in milliseconds since 1970. */
  timestamp: number;
  /** 'certificate': `der` is a whole certificate. 'precertificate': `der` is a TBSCertificate, of what is to be issued (RFC 6962 3.2). */
  kind: 'certificate' | 'precertificate';
  der: Uint8Array;
  /** Of the entry's MerkleTreeLeaf. */
  hash: Uint8Array;
}

/** A reader that stands somewhere in some bytes. */
interface Reader {
  bytes: Uint8Array;
  at: number;
}

/**
 * The entries of a data tile: TileLeaf after TileLeaf (c2sp.org/static-ct-api, "Log entries"). The failure says where it is none. What the tree's hash does
 * not cover (the precertificate as it was submitted, and the fingerprints of its chain) is passed over. More entries than a tile has are not read.
 */
export function readDataTile(bytes: Uint8Array): Result<LoggedEntry[], string> {
  const reader = { bytes, at: 0 };
  const entries: LoggedEntry[] = [];
  while (reader.at < bytes.length) {
    if (entries.length === tileWidth) return { ok: false, failure: `it has more than ${tileWidth} entries` };
    const begin = reader.at;
    const entry = readLeaf(reader);
    if (!entry) return { ok: false, failure: `entry ${entries.length} at byte ${begin} is none` };
    entries.push(entry);
  }
  return { ok: true, value: entries };
}

function readLeaf(reader: Reader): LoggedEntry | undefined {
  const begin = reader.at;
  const timestamp = takeNumber(reader, 8);
  const type = takeNumber(reader, 2);
  if (timestamp === undefined || timestamp > Number.MAX_SAFE_INTEGER || (type !== 0 && type !== 1)) return undefined;
  // issuer_key_hash, of a precertificate alone
  if (type === 1 && !take(reader, 32)) return undefined;
  const der = takeVector(reader, 3);
  const extensions = takeVector(reader, 2);
  if (!der || der.length === 0 || !extensions) return undefined;
  const end = reader.at;
  const submitted = type === 1 ? takeVector(reader, 3) : undefined;
  if (type === 1 && (!submitted || submitted.length === 0)) return undefined;
  const chain = takeVector(reader, 2);
  if (!chain || chain.length % 32 !== 0) return undefined;
  // MerkleTreeLeaf: version v1, leaf_type timestamped_entry, and the entry itself
  const leaf = Buffer.concat([Uint8Array.of(0, 0), reader.bytes.subarray(begin, end)]);
  return { timestamp, kind: type === 0 ? 'certificate' : 'precertificate', der, hash: leafHash(leaf) };
}

function take(reader: Reader, length: number): Uint8Array | undefined {
  const { bytes, at } = reader;
  if (at + length > bytes.length) return undefined;
  reader.at += length;
  return bytes.subarray(at, at + length);
}

function takeNumber(reader: Reader, length: number): number | undefined {
  return take(reader, length)?.reduce((value, byte) => value * 256 + byte, 0);
}

/** A vector with its length before it, in so many bytes (RFC 8446 3.4). */
function takeVector(reader: Reader, lengthBytes: number): Uint8Array | undefined {
  const length = takeNumber(reader, lengthBytes);
  return length === undefined ? undefined : take(reader, length);
}
