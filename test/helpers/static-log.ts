import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { keyIdOf, treeHead } from '../../collector/scan/transparency/checkpoint.ts';
import { leafHash, nodeHash } from '../../collector/scan/transparency/merkle.ts';
import { tilePath } from '../../collector/scan/transparency/tile-path.ts';

/** A transparency log of the static API, over real HTTP: real certificates, tiles and signatures. */
export interface StaticLog {
  /** Its monitoring prefix. */
  url: string;
  origin: string;
  /** Its public key as lists of logs have it. */
  key: string;
  /** Takes a certificate, or the precertificate of one, at this time; it is there for readers once it was published. */
  add: (der: Uint8Array, kind?: 'certificate' | 'precertificate', at?: number) => void;
  /** Signs the tree of all that was taken, as of this time, and serves it. */
  publish: (at?: number) => void;
  /** What was asked for, in order. */
  asked: string[];
  /** Changes answers by their paths; undefined leaves one as it is. */
  spoil: (change: (path: string, body: Buffer) => Buffer | undefined) => void;
  /** Serves a tree in which another entry stands in the place of one, signed by the log's own key. */
  rewrite: (index: number, der: Uint8Array) => void;
}

interface Taken {
  leaf: Buffer;
  tile: Buffer;
}

const issuer = Buffer.alloc(32, 7);

export async function startStaticLog(t: Pick<ExecutionContext, 'teardown'>, now = Date.now()): Promise<StaticLog> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const origin = 'log.example.test/2026h2';
  const taken: Taken[] = [];
  const asked: string[] = [];
  /** Partial tiles of earlier trees stay. */
  const files = new Map<string, Buffer>();
  let spoiled: (path: string, body: Buffer) => Buffer | undefined = () => undefined;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    asked.push(path);
    const whole = files.get(path);
    if (!whole) return void response.writeHead(404).end();
    const body = spoiled(path, whole) ?? whole;
    if (!path.startsWith('tile/data/')) return void response.end(body);
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const publish = (at = now) => {
    const fresh = filesOf(taken, (size, root) => {
      const signature = sign('sha256', treeHead({ size, root, timestamp: at }), privateKey);
      const note = Buffer.concat([
        keyIdOf(origin, publicKey),
        u64(at),
        Buffer.from([4, 3]),
        u16(signature.length),
        signature,
      ]);
      return `${origin}\n${size}\n${root.toString('base64')}\n\n\u2014 witness.example.test AAAAAAAAAAAAAAAAAAAAAA==\n\u2014 ${origin} ${note.toString('base64')}\n`;
    });
    for (const [path, body] of fresh) files.set(path, body);
  };
  publish();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    origin,
    key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    add: (der, kind = 'certificate', at = now) => void taken.push(entryOf(der, kind, at, taken.length)),
    publish,
    asked,
    spoil: (change) => {
      spoiled = change;
    },
    rewrite(index, der) {
      taken[index] = entryOf(der, 'certificate', now, index);
      publish();
    },
  };
}

/** TimestampedEntry, and the TileLeaf that carries it. */
function entryOf(der: Uint8Array, kind: 'certificate' | 'precertificate', now: number, index: number): Taken {
  const extensions = Buffer.concat([Buffer.from([0]), u16(5), u40(index)]);
  const signed = kind === 'certificate' ? vector24(der) : Buffer.concat([issuer, vector24(tbsOf(der))]);
  const entry = Buffer.concat([
    u64(now),
    u16(kind === 'certificate' ? 0 : 1),
    signed,
    u16(extensions.length),
    extensions,
  ]);
  const submitted = kind === 'certificate' ? Buffer.alloc(0) : vector24(der);
  return {
    leaf: Buffer.concat([Buffer.from([0, 0]), entry]),
    tile: Buffer.concat([entry, submitted, u16(64), issuer, issuer]),
  };
}

/** What is signed in a certificate: the first value within it. */
function tbsOf(der: Uint8Array): Uint8Array {
  const { raw } = new X509Certificate(der);
  const head = (at: number) => ((raw[at + 1] ?? 0) < 0x80 ? 2 : 2 + ((raw[at + 1] ?? 0) & 0x7f));
  const begin = head(0);
  const bytes = raw.subarray(begin + 2, begin + head(begin));
  const length = head(begin) === 2 ? (raw[begin + 1] ?? 0) : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return raw.subarray(begin, begin + head(begin) + length);
}

function filesOf(taken: readonly Taken[], note: (size: number, root: Buffer) => string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const leaves = taken.map(({ leaf }) => leafHash(leaf));
  const tiles = (level: number | 'data', items: readonly Uint8Array[]) => {
    for (let index = 0; index * 256 < items.length; index++) {
      const inTile = items.slice(index * 256, (index + 1) * 256);
      files.set(tilePath(level, index, inTile.length), Buffer.concat(inTile));
    }
  };
  tiles(
    'data',
    taken.map(({ tile }) => tile),
  );
  let hashes: Uint8Array[] = leaves;
  for (let level = 0; hashes.length > 0; level++) {
    tiles(level, hashes);
    const full = Math.floor(hashes.length / 256);
    hashes = Array.from({ length: full }, (_, index) => treeHash(hashes.slice(index * 256, (index + 1) * 256)));
  }
  files.set('checkpoint', Buffer.from(note(taken.length, Buffer.from(treeHash(leaves)))));
  return files;
}

/** MTH of RFC 6962 2.1, as it is written there. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (!first) return Buffer.from('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'base64');
  if (leaves.length === 1) return first;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u40(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUIntBE(value, 0, 5);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function vector24(content: Uint8Array): Buffer {
  const length = Buffer.alloc(3);
  length.writeUIntBE(content.length, 0, 3);
  return Buffer.concat([length, content]);
}
