import { setImmediate as othersTurn } from 'node:timers/promises';

/** Each may have to be opened first. */
const itemsAtATime = 50;

/** What is made of each item, one after the other, with a turn for everything else now and then. */
export async function madeInTurn<Item, T>(items: Iterable<Item>, of: (item: Item) => readonly T[]): Promise<T[]> {
  const all: T[] = [];
  let looked = 0;
  for (const item of items) {
    for (const one of of(item)) all.push(one);
    if (++looked % itemsAtATime === 0) await othersTurn();
  }
  return all;
}
