/** A map for where nearly all have one item: that one is two fields, and no table of its own. An item is never undefined. */
export class FewOrMany<Key, Item> {
  #key: Key | undefined;
  #item: Item | undefined;
  #many: Map<Key, Item> | undefined;

  get size(): number {
    return this.#many?.size ?? (this.#item === undefined ? 0 : 1);
  }

  get(key: Key): Item | undefined {
    if (this.#many) return this.#many.get(key);
    return this.#key === key ? this.#item : undefined;
  }

  set(key: Key, item: Item): void {
    if (this.#many) this.#many.set(key, item);
    else if (this.#key === undefined || this.#item === undefined || this.#key === key) this.keepOne(key, item);
    else {
      this.#many = new Map([
        [this.#key, this.#item],
        [key, item],
      ]);
      this.keepOne(undefined, undefined);
    }
  }

  delete(key: Key): void {
    if (!this.#many && this.#key === key) this.keepOne(undefined, undefined);
    if (!this.#many?.delete(key) || this.#many.size > 1) return;
    for (const [last, item] of this.#many) this.keepOne(last, item);
    this.#many = undefined;
  }

  /** As in a Map, an item that is put in or taken out meanwhile may be seen or not. */
  keys(): Iterable<Key> {
    return this.#many?.keys() ?? (this.#key === undefined ? [] : [this.#key]);
  }

  values(): Iterable<Item> {
    return this.#many?.values() ?? (this.#item === undefined ? [] : [this.#item]);
  }

  private keepOne(key: Key | undefined, item: Item | undefined): void {
    this.#key = key;
    this.#item = item;
  }
}
