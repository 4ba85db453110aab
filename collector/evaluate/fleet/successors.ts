import type { Certificate } from '@certherd/protocol/certificate';
import { PurposesByName } from './purposes-by-name.ts';

/** What a certificate is judged by here. */
export interface Candidate<L> {
  certificate: Pick<Certificate, 'fingerprint' | 'notBefore' | 'algorithm'>;
  /** As `namesOf`: sorted, each once. */
  names: readonly string[];
  authority: string;
  /** Kept by `Successors` alone, as long as it is in; in the leaf, since a map of a fleet's leaves costs more. */
  purpose: Purpose<L> | undefined;
}

/**
 * Which certificate took the place of which: the youngest that has all names of another one, came later, and is of the same authority and
 * algorithm. Certificates of the same names have one answer, so that a new one costs what its own names cost, however many have them.
 */
export interface Successors<L extends Candidate<L>> {
  /** Returns those watched that have another successor now. */
  put: (leaf: L) => L[];
  /** Takes it out. Returns as `put` does. */
  take: (leaf: L) => L[];
  /** undefined: none, or the leaf is not in. */
  of: (leaf: L) => L | undefined;
  /** The watched ones whose successor this is. */
  before: (leaf: L) => L[];
  /** It matters what its successor is, or no more. */
  watch: (leaf: L, isWatched: boolean) => void;
}

/** All that have the same names, authority and algorithm. What most of them do not have is not there: fleets have hundreds of thousands. */
interface Purpose<L> {
  like: L;
  /** The name that the fewest others had. */
  anchor: string;
  /** Oldest first. */
  leaves: L[];
  watched?: Set<L>;
  /** Others with all its names. */
  wider?: Set<Purpose<L>>;
  /** The other way round. */
  narrower?: Set<Purpose<L>>;
  /** Of its own and of all that are wider. */
  youngest: L | undefined;
}

export function createSuccessors<L extends Candidate<L>>(): Successors<L> {
  /** By authority and algorithm. */
  const scopes = new Map<string, PurposesByName<Purpose<L>>>();

  return {
    put(leaf) {
      if (leaf.names.length === 0) return [];
      const found = find(leaf);
      found?.leaves.splice(placeOf(leaf, found.leaves), 0, leaf);
      const purpose = found ?? open(leaf);
      leaf.purpose = purpose;
      return ledBy(purpose).flatMap((one) => (!one.youngest || isYounger(leaf, one.youngest) ? follow(one, leaf) : []));
    },
    take(leaf) {
      const { purpose } = leaf;
      if (!purpose) return [];
      purpose.leaves.splice(placeOf(leaf, purpose.leaves), 1);
      purpose.watched?.delete(leaf);
      leaf.purpose = undefined;
      const others = ledBy(purpose).flatMap((one) => (one.youngest === leaf ? follow(one, youngestOf(one)) : []));
      if (purpose.leaves.length === 0) close(purpose);
      return others;
    },
    of: (leaf) => after(leaf, leaf.purpose?.youngest),
    before(leaf) {
      const { purpose } = leaf;
      if (!purpose) return [];
      return ledBy(purpose).flatMap(({ youngest, watched }) =>
        youngest === leaf ? [...(watched ?? [])].filter((one) => after(one, leaf)) : [],
      );
    },
    watch(leaf, isWatched) {
      const { purpose } = leaf;
      if (!purpose) return;
      if (isWatched) (purpose.watched ??= new Set()).add(leaf);
      else purpose.watched?.delete(leaf);
    },
  };

  function scopeOf({ certificate, authority }: L): PurposesByName<Purpose<L>> {
    const key = `${certificate.algorithm} ${authority}`;
    const scope = scopes.get(key) ?? new PurposesByName<Purpose<L>>();
    scopes.set(key, scope);
    return scope;
  }

  function find(leaf: L): Purpose<L> | undefined {
    const scope = scopeOf(leaf);
    for (const name of leaf.names)
      for (const one of scope.anchored(name))
        if (one.like.names.length === leaf.names.length && hasAll(leaf.names, one.like.names)) return one;
    return undefined;
  }

  function open(like: L): Purpose<L> {
    const scope = scopeOf(like);
    const anchor = like.names.reduce((rarest, name) => (scope.count(name) < scope.count(rarest) ? name : rarest));
    const purpose: Purpose<L> = { like, anchor, leaves: [like], youngest: undefined };
    for (const other of scope.all(anchor)) if (hasAll(other.like.names, like.names)) relate(purpose, other);
    for (const name of like.names) {
      for (const other of scope.anchored(name)) if (hasAll(like.names, other.like.names)) relate(other, purpose);
      scope.put(name, purpose);
    }
    purpose.youngest = youngestOf(purpose);
    return purpose;
  }

  function close(purpose: Purpose<L>): void {
    const scope = scopeOf(purpose.like);
    for (const name of purpose.like.names) scope.take(name, purpose);
    for (const other of purpose.wider ?? []) other.narrower?.delete(purpose);
    for (const other of purpose.narrower ?? []) other.wider?.delete(purpose);
  }
}

type Dated = Pick<Candidate<unknown>, 'certificate'>;

/** Those for which its youngest may be the youngest. */
function ledBy<L extends Candidate<L>>(purpose: Purpose<L>): Purpose<L>[] {
  return [purpose, ...(purpose.narrower ?? [])];
}

/** Returns the watched ones that have another successor by that. */
function follow<L extends Candidate<L>>(purpose: Purpose<L>, youngest: L | undefined): L[] {
  const before = purpose.youngest;
  purpose.youngest = youngest;
  return [...(purpose.watched ?? [])].filter((leaf) => after(leaf, before) !== after(leaf, youngest));
}

function youngestOf<L extends Candidate<L>>(purpose: Purpose<L>): L | undefined {
  let youngest: L | undefined;
  for (const { leaves } of [purpose, ...(purpose.wider ?? [])]) {
    const one = leaves.at(-1);
    if (one && (!youngest || isYounger(one, youngest))) youngest = one;
  }
  return youngest;
}

function relate<L extends Candidate<L>>(narrower: Purpose<L>, wider: Purpose<L>): void {
  (narrower.wider ??= new Set()).add(wider);
  (wider.narrower ??= new Set()).add(narrower);
}

/** Instants as text are in the order of time. */
function after<L extends Candidate<L>>(leaf: L, youngest: L | undefined): L | undefined {
  return youngest && youngest.certificate.notBefore > leaf.certificate.notBefore ? youngest : undefined;
}

function isYounger({ certificate: a }: Dated, { certificate: b }: Dated): boolean {
  const [one, other] = [a.notBefore, b.notBefore];
  return one === other ? a.fingerprint < b.fingerprint : one > other;
}

/** Where it is among these, or belongs. */
function placeOf(leaf: Dated, leaves: readonly Dated[]): number {
  let [from, to] = [0, leaves.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const one = leaves[middle];
    if (one && one !== leaf && isYounger(leaf, one)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Both are sorted. */
function hasAll(names: readonly string[], all: readonly string[]): boolean {
  if (names.length < all.length) return false;
  let at = 0;
  for (const name of names) if (name === all[at]) at += 1;
  return at === all.length;
}
