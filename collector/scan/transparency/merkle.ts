import { createHash } from 'node:crypto';

/** A Merkle tree of which only the roots of its full subtrees are known, largest first: one for each bit of its size (RFC 6962 2.1). */
export interface TreeRange {
  size: number;
  hashes: readonly Uint8Array[];
}

export const emptyRange: TreeRange = { size: 0, hashes: [] };

/** The hash of one entry: `leaf` is the MerkleTreeLeaf's bytes (RFC 6962 3.4). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return createHash('sha256').update(leafPrefix).update(leaf).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The tree with one more entry behind the last. */
export function appended({ size, hashes }: TreeRange, hash: Uint8Array): TreeRange {
  const next = [...hashes];
  let right = hash;
  // Each full subtree that ends here becomes one with its neighbour of the same size.
  for (let left = size; left % 2 === 1; left = (left - 1) / 2) right = nodeHash(next.pop() ?? right, right);
  next.push(right);
  return { size: size + 1, hashes: next };
}

/** The tree's hash, as its checkpoint has it. */
export function rootOf({ hashes }: TreeRange): Uint8Array {
  const [last, ...others] = hashes.toReversed();
  if (!last) return createHash('sha256').digest();
  return others.reduce((right, left) => nodeHash(left, right), last);
}

/** The root of a full subtree from the hashes of one of its levels: their number is a power of two. */
export function fullRoot(hashes: readonly Uint8Array[]): Uint8Array | undefined {
  let level = hashes;
  while (level.length > 1)
    level = level.flatMap((left, at) => {
      const right = level[at + 1];
      return at % 2 === 0 && right ? [nodeHash(left, right)] : [];
    });
  return level[0];
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
