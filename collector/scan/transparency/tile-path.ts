/** So many hashes, or entries, has a full tile. */
export const tileWidth = 256;

/**
 * Where a tile is, below the log's monitoring prefix (c2sp.org/static-ct-api, "Merkle Tree"): "tile/0/x001/x234/067", "tile/data/000.p/17". `level` is 0
 * to 5, or 'data' for the entries themselves; `width` is below 256 for the last tile of a tree.
 */
export function tilePath(level: number | 'data', index: number, width: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const parts = padded.match(/\d{3}/g) ?? [];
  const path = parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/');
  return `tile/${level}/${path}${width < tileWidth ? `.p/${width}` : ''}`;
}
