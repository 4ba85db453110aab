/** A list in order that is never changed: each change gives another one, which shares all but some hundred items with it. */
export interface Sorted<Key, Item extends Key> extends Iterable<Item> {
  readonly size: number;
  /** With this item, in the place of the one that has its key. */
  with: (item: Item) => Sorted<Key, Item>;
  without: (key: Key) => Sorted<Key, Item>;
  get: (key: Key) => Item | undefined;
  /** Those behind a key, which may be nobody's. */
  after: (key: Key) => Iterable<Item>;
}

type Buckets<Item> = readonly (readonly Item[])[];

/** Twice the square root of a quarter of a million: both levels of a large fleet are short. */
const mostInBucket = 1_024;

/** An empty one. `compare` is negative where the first comes first, and 0 for the same key alone. */
export function sorted<Key, Item extends Key>(compare: (one: Key, other: Key) => number): Sorted<Key, Item> {
  return of([], 0);

  function of(buckets: Buckets<Item>, size: number): Sorted<Key, Item> {
    return {
      size,
      *[Symbol.iterator]() {
        for (const bucket of buckets) yield* bucket;
      },
      with(item) {
        const [at, index] = placeOf(buckets, item);
        const bucket = buckets[at];
        if (!bucket) return of([[item]], 1);
        const there = bucket[index];
        if (there !== undefined && compare(there, item) === 0)
          return of(buckets.with(at, bucket.with(index, item)), size);
        return of(buckets.toSpliced(at, 1, ...split(bucket.toSpliced(index, 0, item))), size + 1);
      },
      without(key) {
        const [at, index] = placeOf(buckets, key);
        const bucket = buckets[at];
        const there = bucket?.[index];
        if (!bucket || there === undefined || compare(there, key) !== 0) return of(buckets, size);
        const left = bucket.toSpliced(index, 1);
        return of(left.length === 0 ? buckets.toSpliced(at, 1) : buckets.with(at, left), size - 1);
      },
      get(key) {
        const [at, index] = placeOf(buckets, key);
        const there = buckets[at]?.[index];
        return there !== undefined && compare(there, key) === 0 ? there : undefined;
      },
      *after(key) {
        const [at, index] = placeOf(buckets, key);
        for (const [number, bucket] of buckets.slice(at).entries())
          for (const item of number === 0 ? bucket.slice(index) : bucket) if (compare(item, key) !== 0) yield item;
      },
    };
  }

  /** The bucket, and the place in it, of the first item that is not before the key; behind the last one where there is none. */
  function placeOf(buckets: Buckets<Item>, key: Key): [bucket: number, index: number] {
    const isBefore = (item: Item | undefined) => item !== undefined && compare(item, key) < 0;
    const at = firstNot(buckets.length - 1, (index) => isBefore(buckets[index]?.at(-1)));
    const bucket = buckets[at] ?? [];
    return [at, firstNot(bucket.length, (index) => isBefore(bucket[index]))];
  }
}

/** The first number from 0 for which it is no more so, or `end`. */
function firstNot(end: number, isSo: (index: number) => boolean): number {
  let low = 0;
  let high = Math.max(0, end);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function split<T>(bucket: readonly T[]): (readonly T[])[] {
  if (bucket.length <= mostInBucket) return [bucket];
  const half = bucket.length >> 1;
  return [bucket.slice(0, half), bucket.slice(half)];
}
