/** What is found by its names, one of which it is found by where all of them are known: the anchor. */
interface Anchored {
  anchor: string;
}

/** Purposes by each name that they have. Nearly every name is of one purpose, which then is all that is kept of it. */
export class PurposesByName<P extends Anchored> {
  readonly #names = new Map<string, P | Several<P>>();

  /** How many have this name. */
  count(name: string): number {
    const known = this.#names.get(name);
    return known instanceof Several ? known.all.size : Number(known !== undefined);
  }

  /** All that have it. As in a Set, what is put in or taken out meanwhile may be seen or not. */
  all(name: string): Iterable<P> {
    const known = this.#names.get(name);
    if (known instanceof Several) return known.all;
    return known === undefined ? [] : [known];
  }

  /** Those whose anchor it is. */
  anchored(name: string): Iterable<P> {
    const known = this.#names.get(name);
    if (known instanceof Several) return known.anchored;
    return known?.anchor === name ? [known] : [];
  }

  put(name: string, purpose: P): void {
    const known = this.#names.get(name);
    if (known === undefined || known === purpose) this.#names.set(name, purpose);
    else if (known instanceof Several) known.put(name, purpose);
    else this.#names.set(name, new Several(name, [known, purpose]));
  }

  take(name: string, purpose: P): void {
    const known = this.#names.get(name);
    if (known === purpose) this.#names.delete(name);
    if (!(known instanceof Several)) return;
    known.all.delete(purpose);
    known.anchored.delete(purpose);
    if (known.all.size === 1) for (const last of known.all) this.#names.set(name, last);
  }
}

class Several<P extends Anchored> {
  readonly all = new Set<P>();
  readonly anchored = new Set<P>();

  constructor(name: string, purposes: readonly P[]) {
    for (const one of purposes) this.put(name, one);
  }

  put(name: string, purpose: P): void {
    this.all.add(purpose);
    if (purpose.anchor === name) this.anchored.add(purpose);
  }
}
