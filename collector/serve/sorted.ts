import { type Buckets, type Compare, findIn, isAt, placeIn, split } from './buckets.ts';

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

/** Up to that many it is one array: nearly every certificate is in one place. */
const few = 32;

/** An empty one. `compare` is negative where the first comes first, and 0 for the same key alone. */
export function sorted<Key, Item extends Key>(compare: Compare<Key>): Sorted<Key, Item> {
  return new Few<Key, Item>(compare, []);
}

/** One that has these, in order and no key twice; they are never changed. */
export function sortedOf<Key, Item extends Key>(compare: Compare<Key>, buckets: Buckets<Item>): Sorted<Key, Item> {
  const size = buckets.reduce((sum, { length }) => sum + length, 0);
  return size === 0 ? sorted(compare) : new Many(compare, buckets, size);
}

// Classes, since there is one for each certificate: what they do is kept once, and not in each.

class Few<Key, Item extends Key> implements Sorted<Key, Item> {
  readonly #compare: Compare<Key>;
  readonly #items: readonly Item[];

  constructor(compare: Compare<Key>, items: readonly Item[]) {
    this.#compare = compare;
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }

  with(item: Item): Sorted<Key, Item> {
    const index = placeIn(this.#items, item, this.#compare);
    const isThere = isAt(this.#items, index, item, this.#compare);
    const items = isThere ? this.#items.with(index, item) : this.#items.toSpliced(index, 0, item);
    if (items.length > few) return new Many(this.#compare, [items], items.length);
    return items.length === 1 ? new One<Key, Item>(this.#compare, item) : new Few(this.#compare, items);
  }

  without(key: Key): Sorted<Key, Item> {
    const index = placeIn(this.#items, key, this.#compare);
    if (!isAt(this.#items, index, key, this.#compare)) return this;
    const items = this.#items.toSpliced(index, 1);
    const [only] = items;
    return items.length === 1 && only !== undefined
      ? new One<Key, Item>(this.#compare, only)
      : new Few(this.#compare, items);
  }

  get(key: Key): Item | undefined {
    const index = placeIn(this.#items, key, this.#compare);
    return isAt(this.#items, index, key, this.#compare) ? this.#items[index] : undefined;
  }

  after(key: Key): Iterable<Item> {
    const index = placeIn(this.#items, key, this.#compare);
    return this.#items.slice(isAt(this.#items, index, key, this.#compare) ? index + 1 : index);
  }
}

/** What nearly every certificate's places are: it needs no list. */
class One<Key, Item extends Key> implements Sorted<Key, Item> {
  readonly #compare: Compare<Key>;
  readonly #item: Item;

  constructor(compare: Compare<Key>, item: Item) {
    this.#compare = compare;
    this.#item = item;
  }

  get size(): number {
    return 1;
  }

  *[Symbol.iterator](): Iterator<Item> {
    yield this.#item;
  }

  with(item: Item): Sorted<Key, Item> {
    if (this.#compare(this.#item, item) === 0) return new One(this.#compare, item);
    return new Few(this.#compare, [this.#item]).with(item);
  }

  without(key: Key): Sorted<Key, Item> {
    return this.get(key) === undefined ? this : new Few<Key, Item>(this.#compare, []);
  }

  get(key: Key): Item | undefined {
    return this.#compare(this.#item, key) === 0 ? this.#item : undefined;
  }

  after(key: Key): Iterable<Item> {
    return this.#compare(this.#item, key) > 0 ? [this.#item] : [];
  }
}

class Many<Key, Item extends Key> implements Sorted<Key, Item> {
  readonly #compare: Compare<Key>;
  readonly #buckets: Buckets<Item>;
  readonly size: number;

  constructor(compare: Compare<Key>, buckets: Buckets<Item>, size: number) {
    this.#compare = compare;
    this.#buckets = buckets;
    this.size = size;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  with(item: Item): Sorted<Key, Item> {
    const [at, bucket, index, isThere] = this.#find(item);
    if (isThere) return new Many(this.#compare, this.#buckets.with(at, bucket.with(index, item)), this.size);
    const parts = split(bucket.toSpliced(index, 0, item));
    return new Many(this.#compare, this.#buckets.toSpliced(at, 1, ...parts), this.size + 1);
  }

  without(key: Key): Sorted<Key, Item> {
    const [at, bucket, index, isThere] = this.#find(key);
    if (!isThere) return this;
    const left = bucket.toSpliced(index, 1);
    const buckets = left.length === 0 ? this.#buckets.toSpliced(at, 1) : this.#buckets.with(at, left);
    return new Many(this.#compare, buckets, this.size - 1);
  }

  get(key: Key): Item | undefined {
    const [, bucket, index, isThere] = this.#find(key);
    return isThere ? bucket[index] : undefined;
  }

  *after(key: Key): Iterable<Item> {
    const [at, bucket, index, isThere] = this.#find(key);
    yield* bucket.slice(isThere ? index + 1 : index);
    for (const next of this.#buckets.slice(at + 1)) yield* next;
  }

  #find(key: Key): [at: number, bucket: readonly Item[], index: number, isThere: boolean] {
    const [at, index, isThere] = findIn(this.#buckets, key, this.#compare);
    return [at, this.#buckets[at] ?? [], index, isThere];
  }
}
