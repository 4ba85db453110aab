import type { Leaf } from './fleet-index.ts';

/** Leaves that have one key. A leaf of which it is not known is alone. */
export interface SameKey<L extends Leaf = Leaf> {
  leaves: ReadonlySet<L>;
  /** Of all their holders the one whose id comes first: it is told of what concerns them all. */
  first: string | undefined;
}

interface Group<L extends Leaf> extends SameKey<L> {
  leaves: Set<L>;
}

/** Which leaves have which key. */
export class KeyGroups<L extends Leaf> {
  readonly #groups = new Map<string, Group<L>>();

  /** undefined: the leaf is not in. */
  of(leaf: Leaf): SameKey<L> | undefined {
    return this.#groups.get(keyOf(leaf));
  }

  put(leaf: L): void {
    const group = this.#groups.get(keyOf(leaf)) ?? { leaves: new Set(), first: undefined };
    this.#groups.set(keyOf(leaf), group);
    group.leaves.add(leaf);
    if (leaf.first !== undefined && isBefore(leaf.first, group.first)) group.first = leaf.first;
  }

  take(leaf: L): void {
    const group = this.#groups.get(keyOf(leaf));
    if (!group?.leaves.delete(leaf)) return;
    if (group.leaves.size === 0) this.#groups.delete(keyOf(leaf));
    else if (group.first === leaf.first) group.first = firstOf(group.leaves);
  }

  /** An agent holds this leaf now, or no more. */
  follow(leaf: L, agentId: string, isHolder: boolean): void {
    const group = this.#groups.get(keyOf(leaf));
    if (!group) return;
    if (isHolder && isBefore(agentId, group.first)) group.first = agentId;
    else if (!isHolder && group.first === agentId) group.first = firstOf(group.leaves);
  }
}

/** A fingerprint is longer than a digest. */
function keyOf({ keyDigest, certificate }: Leaf): string {
  return keyDigest ?? certificate.fingerprint;
}

function isBefore(agentId: string, first: string | undefined): boolean {
  return first === undefined || agentId < first;
}

function firstOf(leaves: Iterable<Leaf>): string | undefined {
  let first: string | undefined;
  for (const leaf of leaves) if (leaf.first !== undefined && isBefore(leaf.first, first)) first = leaf.first;
  return first;
}
