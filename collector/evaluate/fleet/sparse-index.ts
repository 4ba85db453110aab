import { authorityTexts } from './authority-texts.ts';
import type { FleetPolicy } from './fleet-findings.ts';
import { createFleetIndex, type FleetIndex, type KnownCertificate, type Leaf } from './fleet-index.ts';
import type { Holding, HostHoldings } from './holdings.ts';
import { KeyClaims } from './key-claims.ts';
import { leafKeys, toldKey } from './leaf-keys.ts';

type Certificates = Pick<ReadonlyMap<string, KnownCertificate>, 'get'>;

/** What a host was put in with, read again. */
interface HeldAgain {
  holdings: HostHoldings;
  certificates: Certificates;
}

interface SparseHost {
  agentId: string;
  number: number;
  /** All that it claims, each as often as it does. */
  keys: Uint32Array;
  /** What of its holdings is in the whole index; undefined: nothing. */
  entered: HostHoldings | undefined;
}

/** Some two hundred certificates have as many: what has them is read in a millisecond or two. */
const fewKeys = 512;

/** While something is taken in. */
interface Change {
  touched: Set<string>;
  /** The host that has other holdings now: of what it has it enters itself what is not alone. */
  replaced: SparseHost | undefined;
  /** Keys of hosts that were looked through. */
  claimed: Map<SparseHost, Set<number>>;
}

/**
 * The same as a whole index, which only has those leaves of which something may be said: nearly every one is in use, on one host, and alone with its
 * names and its key, and of such a leaf a few numbers are kept. When another one claims one of them, `heldAgain` tells what the first host has: as it was put in, except that
 * leaves without a file or an endpoint need not be there, and that all may be said to be in use. `seed`: as in leafKeys.
 */
export function createSparseIndex(
  { knownIssuers }: FleetPolicy,
  heldAgain: (agentId: string) => HeldAgain | undefined,
  seed: number,
): FleetIndex {
  const index = createFleetIndex();
  const claims = new KeyClaims();
  const authorities = authorityTexts();
  const byAgent = new Map<string, SparseHost>();
  const byNumber: SparseHost[] = [];

  return {
    ...index,
    replace(agentId, holdings, certificates) {
      const host = hostOf(agentId);
      const change: Change = { touched: new Set([agentId]), replaced: host, claimed: new Map() };
      for (const key of host.keys) claims.release(key);
      const keysOf = new Map<string, Set<number>>();
      for (const fingerprint of holdings?.held.keys() ?? []) {
        const known = certificates.get(fingerprint);
        if (known) keysOf.set(fingerprint, keysFor(known));
      }
      const claimed: number[] = [];
      for (const keys of keysOf.values()) for (const key of keys) claimed.push(key);
      host.keys = Uint32Array.from(claimed);
      claimAll(host.keys, host, change);
      for (const fingerprint of keysOf.keys()) findTold(certificates.get(fingerprint), change);
      const held = new Map<string, Holding>();
      for (const [fingerprint, holding] of holdings?.held ?? [])
        if (isTold(holding, certificates.get(fingerprint), keysOf.get(fingerprint))) held.set(fingerprint, holding);
      for (const fingerprint of held.keys()) share(keysOf.get(fingerprint));
      enter(host, holdings && held.size > 0 ? { ...holdings, held } : undefined, certificates, change);
      return change.touched;
    },
    rename(agentId, hostName, certificates) {
      const host = hostOf(agentId);
      const change: Change = { touched: new Set([agentId]), replaced: undefined, claimed: new Map() };
      enter(host, host.entered && { ...host.entered, hostName }, certificates, change);
      return change.touched;
    },
  };

  function hostOf(agentId: string): SparseHost {
    const known = byAgent.get(agentId);
    if (known) return known;
    const host = { agentId, number: byNumber.length, keys: new Uint32Array(), entered: undefined };
    byAgent.set(agentId, host);
    byNumber.push(host);
    return host;
  }

  function keysFor(known: KnownCertificate): Set<number> {
    return leafKeys(known, authorities.of(known.certificate.issuer), seed);
  }

  function isTold(holding: Holding, known: KnownCertificate | undefined, keys: Iterable<number> = []): boolean {
    if (!known || !holding.inUse || (holding.files.length === 0 && holding.endpoints.length === 0)) return true;
    if (knownIssuers && !knownIssuers.includes(authorities.of(known.certificate.issuer))) return true;
    return isMet(known, keys);
  }

  /** What is in the whole index is found there: its host needs not be opened for it again. */
  function share(keys: Iterable<number> = []): void {
    for (const key of keys) claims.share(key);
  }

  /** Another leaf, or another host, has one of its numbers. */
  function isMet(known: KnownCertificate, keys: Iterable<number>): boolean {
    for (const key of keys) if (claims.isShared(key)) return true;
    const told = toldKey(known, seed);
    return told !== undefined && claims.isShared(told);
  }

  /** Whoever held it before its key was known claims it by its fingerprint. */
  function findTold(known: KnownCertificate | undefined, change: Change): void {
    const told = known && toldKey(known, seed);
    const claimant = told === undefined ? undefined : claims.share(told);
    const other = typeof claimant === 'number' ? byNumber[claimant] : undefined;
    if (other && other !== change.replaced) enterShared(other, change);
  }

  /** Claims keys, and enters what of others is alone with them no more. */
  function claimAll(keys: Iterable<number>, host: SparseHost, change: Change): void {
    const others = new Set<SparseHost>();
    for (const key of keys) {
      const claimant = claims.claim(key, host.number);
      const other = typeof claimant === 'number' ? byNumber[claimant] : undefined;
      if (other && other !== change.replaced) others.add(other);
    }
    for (const other of others) enterShared(other, change);
  }

  /** Those of a host's leaves that are alone no more; all of a host that has many, which would be opened for each of them. */
  function enterShared(host: SparseHost, change: Change): void {
    const again = heldAgain(host.agentId);
    if (!again) return;
    const hasMany = host.keys.length > fewKeys;
    const fresh = new Map<string, KnownCertificate>();
    const held = new Map(host.entered?.held);
    for (const [fingerprint, holding] of again.holdings.held) {
      const known = held.has(fingerprint) ? undefined : again.certificates.get(fingerprint);
      if (!known || !(hasMany || isMet(known, keysFor(known)))) continue;
      fresh.set(fingerprint, known);
      held.set(fingerprint, { ...holding, inUse: true });
    }
    if (fresh.size > 0) enter(host, { ...again.holdings, held }, fresh, change);
  }

  function enter(
    host: SparseHost,
    entered: HostHoldings | undefined,
    certificates: Certificates,
    change: Change,
  ): void {
    if (!entered && !host.entered) return;
    const fingerprints = [...(entered?.held.keys() ?? [])];
    const before = fingerprints.map((fingerprint) => index.leaf(fingerprint));
    for (const one of index.replace(host.agentId, entered, certificates)) change.touched.add(one);
    host.entered = entered;
    for (const [at, fingerprint] of fingerprints.entries()) {
      const leaf = index.leaf(fingerprint);
      if (leaf && leaf !== before[at]) claimAgain(leaf, change);
    }
  }

  /** Something else may be told of it than its holders claimed it by. */
  function claimAgain(leaf: Leaf, change: Change): void {
    const keys = [...keysFor(leaf)];
    share(keys);
    for (const agentId of leaf.holders.keys()) {
      const holder = hostOf(agentId);
      // One agent may tell of a million names.
      const claimed = change.claimed.get(holder) ?? new Set(holder.keys);
      change.claimed.set(holder, claimed);
      const more = keys.filter((key) => !claimed.has(key));
      if (more.length === 0) continue;
      for (const key of more) claimed.add(key);
      const all = new Uint32Array(holder.keys.length + more.length);
      all.set(holder.keys);
      all.set(more, holder.keys.length);
      holder.keys = all;
      claimAll(more, holder, change);
    }
  }
}
