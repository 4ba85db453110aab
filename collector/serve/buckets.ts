/** Items in order, some hundred in an array: in a list of many only one of them has to be moved about where one item is put in. */
export type Buckets<Item> = readonly (readonly Item[])[];

/** Negative where the first comes first, and 0 for the same key alone. */
export type Compare<Key> = (one: Key, other: Key) => number;

/** Few enough that moving half of them costs as much as finding the place among them, and that the list of a large fleet has some thousand. */
const mostInBucket = 256;

/** The bucket, and the place in it, of the first item that is not before the key, behind the last one where there is none; and whether it has that key. */
export function findIn<Key, Item extends Key>(
  buckets: Buckets<Item>,
  key: Key,
  compare: Compare<Key>,
): [at: number, index: number, isThere: boolean] {
  let low = 0;
  let high = Math.max(0, buckets.length - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    const last = buckets[middle]?.at(-1);
    if (last !== undefined && compare(last, key) < 0) low = middle + 1;
    else high = middle;
  }
  const bucket = buckets[low] ?? [];
  const index = placeIn(bucket, key, compare);
  return [low, index, isAt(bucket, index, key, compare)];
}

/** The place of the first item that is not before the key, or behind the last one. */
export function placeIn<Key>(items: readonly Key[], key: Key, compare: Compare<Key>): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && compare(item, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isAt<Key>(items: readonly Key[], index: number, key: Key, compare: Compare<Key>): boolean {
  const item = items[index];
  return item !== undefined && compare(item, key) === 0;
}

/** As one bucket, or two where it has become too long. */
export function split<Item>(bucket: Item[]): Item[][] {
  if (bucket.length <= mostInBucket) return [bucket];
  const half = bucket.length >> 1;
  return [bucket.slice(0, half), bucket.slice(half)];
}
