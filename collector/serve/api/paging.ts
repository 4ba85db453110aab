import { setImmediate as othersTurn } from 'node:timers/promises';

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Where the next page begins; absent: that was the last one. */
  next?: string;
}

/** Looking at so many items takes some milliseconds; opening a host takes as long as `itemsOfHost` of them. */
const itemsAtATime = 500;
const itemsOfHost = 20;

/** An item with where the list goes on behind it. */
export interface Placed<Item> {
  item: Item;
  key: Key;
}

/** What puts an item in its place: texts and numbers. */
export type Key = readonly (string | number)[];

/** The first `limit` items that fit. A list is of one moment; a page begins behind the item that the last one ended with, whatever came or went meanwhile. `host`: one was looked into, which may have had nothing. */
export async function pageOf<Item>(
  list: Iterable<Placed<Item> | 'host'>,
  limit: number,
  fits: (item: Item) => boolean,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let last: Key | undefined;
  let looked = 0;
  for (const one of list) {
    looked += one === 'host' ? itemsOfHost : 1;
    if (looked >= itemsAtATime) {
      looked = 0;
      await othersTurn();
    }
    if (one === 'host') continue;
    const { item, key } = one;
    if (!fits(item)) continue;
    if (items.length === limit) return last ? { items, next: cursorOf(last) } : { items };
    items.push(item);
    last = key;
  }
  return { items };
}

export function cursorOf(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** undefined: it is none of a list whose keys are of these types. */
export function keyOf(cursor: string, types: readonly ('string' | 'number')[]): Key | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(key) || key.length !== types.length) return undefined;
    return key.every((part, index) => typeof part === types[index]) ? key : undefined;
  } catch {
    return undefined;
  }
}
