import { type Compare, findIn, split } from './buckets.ts';
import { type Sorted, sortedOf } from './sorted.ts';

/**
 * A list in order that is changed in place. What is taken of it is never changed: a bucket is copied where it is changed for the first time since, so that
 * many changes, as when a fleet is read, cost one copy.
 */
export class SortedDraft<Key, Item extends Key> {
  readonly #compare: Compare<Key>;
  #buckets: Item[][] = [];
  /** Buckets that nobody else has. */
  #own = new Set<readonly Item[]>();
  #taken: Sorted<Key, Item> | undefined;

  constructor(compare: Compare<Key>) {
    this.#compare = compare;
  }

  /** In the place of the one that has its key. */
  put(item: Item): void {
    const [at, index, isThere] = findIn(this.#buckets, item, this.#compare);
    const bucket = this.#change(at);
    if (isThere) bucket[index] = item;
    else bucket.splice(index, 0, item);
    const parts = split(bucket);
    if (parts.length === 1) return;
    this.#buckets.splice(at, 1, ...parts);
    for (const part of parts) this.#own.add(part);
  }

  remove(key: Key): void {
    const [at, index, isThere] = findIn(this.#buckets, key, this.#compare);
    if (!isThere) return;
    const bucket = this.#change(at);
    bucket.splice(index, 1);
    if (bucket.length === 0) this.#buckets.splice(at, 1);
  }

  /** What is in it now; the same one where nothing was changed since. */
  taken(): Sorted<Key, Item> {
    this.#own = new Set();
    return (this.#taken ??= sortedOf(this.#compare, [...this.#buckets]));
  }

  #change(at: number): Item[] {
    this.#taken = undefined;
    const bucket = this.#buckets[at] ?? [];
    if (this.#own.has(bucket)) return bucket;
    const own = bucket.slice();
    this.#buckets[at] = own;
    this.#own.add(own);
    return own;
  }
}
