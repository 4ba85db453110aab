/** What is told of a key: who alone claims it; `several`: more than one claim was there at once. */
type Claimant = number | 'several';

/**
 * How many claim each key, and who does where that is one: 8 bytes a place, since there are some for each certificate of the fleet. Keys and claimants are
 * whole numbers from 0, below 2^32 and 2^31. A key that several claimed, or that is shared, stays so until the last of them lets go.
 */
export class KeyClaims {
  readonly #parts: Part[] = [];

  /** Returns whose it was before. */
  claim(key: number, claimant: number): Claimant | undefined {
    const part = this.#partOf(key);
    const place = part.placeFor(key);
    const before = part.slots[place + 1] ?? free;
    if (before === free) part.put(place, key, claimant + 1);
    else part.slots[place + 1] = before < several ? several + 2 : before + 1;
    return claimantOf(before);
  }

  isShared(key: number): boolean {
    const part = this.#partOf(key);
    return (part.slots[part.placeOf(key) + 1] ?? free) >= several;
  }

  /** From now on it is as if several claimed it, until the last of them lets go. Nothing where nobody does. Returns as `claim` does. */
  share(key: number): Claimant | undefined {
    const part = this.#partOf(key);
    const place = part.placeOf(key);
    const before = part.slots[place + 1] ?? free;
    if (before !== free && before < several) part.slots[place + 1] = several + 1;
    return claimantOf(before);
  }

  /** One claim less. */
  release(key: number): void {
    const part = this.#partOf(key);
    const place = part.placeOf(key);
    const before = part.slots[place + 1] ?? free;
    if (before > several + 1) part.slots[place + 1] = before - 1;
    else if (before !== free) part.take(place);
  }

  /** Each grows by itself: one table of a whole fleet would hold everything up as it does. */
  #partOf(key: number): Part {
    return (this.#parts[key >>> shift] ??= new Part());
  }
}

const free = 0;
/** From here on it is a count. */
const several = 2 ** 31;
function claimantOf(slot: number): Claimant | undefined {
  return slot === free ? undefined : slot < several ? slot - 1 : 'several';
}

/** Of 64 parts, each has the keys with its own upper six bits. */
const shift = 26;
const first = 8;

/** Open addressing, two numbers a slot: the key, and 0, a claimant from 1, or a count above `several`. */
class Part {
  slots = new Uint32Array(first * 2);
  #used = 0;

  /** Where the key is, or would be. */
  placeOf(key: number): number {
    const mask = this.slots.length - 1;
    let place = (key << 1) & mask;
    while (this.slots[place + 1] !== free && this.slots[place] !== key) place = (place + 2) & mask;
    return place;
  }

  /** As `placeOf`, with room for one more. */
  placeFor(key: number): number {
    if ((this.#used + 1) * 8 > this.slots.length * 3) this.#grow();
    return this.placeOf(key);
  }

  put(place: number, key: number, value: number): void {
    this.slots[place] = key;
    this.slots[place + 1] = value;
    this.#used += 1;
  }

  /** What stands behind it moves up, so that it is found. */
  take(place: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let gap = place;
    for (let next = (gap + 2) & mask; slots[next + 1] !== free; next = (next + 2) & mask) {
      const home = ((slots[next] ?? 0) << 1) & mask;
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      slots.copyWithin(gap, next, next + 2);
      gap = next;
    }
    slots[gap + 1] = free;
    this.#used -= 1;
  }

  #grow(): void {
    const before = this.slots;
    this.slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += 2) {
      const [key = 0, value = free] = [before[at], before[at + 1]];
      if (value === free) continue;
      const place = this.placeOf(key);
      this.slots[place] = key;
      this.slots[place + 1] = value;
    }
  }
}
