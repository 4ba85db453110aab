import type { Certificate } from '@certherd/protocol/certificate';
import { authorityTexts } from './authority-texts.ts';
import { FewOrMany } from './few-or-many.ts';
import { type Holding, type HostHoldings, namesOf } from './holdings.ts';
import { KeyGroups, type SameKey } from './same-key.ts';
import { type Candidate, createSuccessors } from './successors.ts';

/** A certificate, and when the collector was first told of it: milliseconds since 1970. */
export interface KnownCertificate {
  certificate: Certificate;
  firstSeenAt: number;
  /** Tells its key from others (x509/key-digest.ts). Absent: not known, or not yet; once it is known it stays so. */
  keyDigest?: string | undefined;
}

/** One leaf, and where the fleet holds it. */
export interface Leaf extends KnownCertificate {
  /** As `namesOf`. */
  names: readonly string[];
  /** The organisation that issued it, else the issuer's whole name: intermediates change, their organisation stays. */
  authority: string;
  /** By agent id, with all that each holds. */
  holders: Pick<FewOrMany<string, HostHoldings>, 'size' | 'get' | 'keys' | 'values'>;
  /** The holder whose id comes first: others are told that it has it. It seldom changes. */
  first: string | undefined;
  /** How many of them name it in a config, or present it. */
  users: number;
}

interface Entry extends Leaf, Pick<Candidate<Entry>, 'purpose'> {
  holders: FewOrMany<string, HostHoldings>;
  /** How many of its holders do not renew it themselves: what they are told depends on its successor. */
  copies: number;
}

/** Which certificate is where, across the fleet: fingerprint to files and endpoints, name to certificates. */
export interface FleetIndex {
  /** Puts what a host holds in the place of what it held; undefined: nothing. Returns the agents whose findings may be others now. */
  replace: (
    agentId: string,
    holdings: HostHoldings | undefined,
    certificates: Pick<ReadonlyMap<string, KnownCertificate>, 'get'>,
  ) => ReadonlySet<string>;
  /** As `replace`, where a host has another name and holds what it held. */
  rename: (
    agentId: string,
    hostName: string,
    certificates: Pick<ReadonlyMap<string, KnownCertificate>, 'get'>,
  ) => ReadonlySet<string>;
  /** What somebody holds; undefined: nobody. */
  leaf: (fingerprint: string) => Leaf | undefined;
  /** What a host holds, in no order. */
  heldBy: (agentId: string) => readonly Leaf[];
  /** All leaves with its key, itself among them; undefined: nobody holds it. */
  sameKey: (leaf: Leaf) => SameKey | undefined;
  /** The youngest certificate of the fleet that does all that this one does, and came later from the same authority. */
  successorOf: (leaf: Leaf) => Leaf | undefined;
}

/** What one of its holders has of a leaf. */
export function holdingOf({ certificate }: Leaf, holder: HostHoldings | undefined): Holding | undefined {
  return holder?.held.get(certificate.fingerprint);
}

/** An empty index. A change costs what the changed certificates' own names cost, however large the fleet is. */
export function createFleetIndex(): FleetIndex {
  const leaves = new Map<string, Entry>();
  const successors = createSuccessors<Entry>();
  const keys = new KeyGroups<Entry>();
  const hosts = new Map<string, HostHoldings>();
  const authorities = authorityTexts();

  return {
    replace,
    rename(agentId, hostName, certificates) {
      const held = hosts.get(agentId);
      return replace(agentId, held && { ...held, hostName }, certificates);
    },
    leaf: (fingerprint) => leaves.get(fingerprint),
    heldBy(agentId) {
      return [...(hosts.get(agentId)?.held.keys() ?? [])].flatMap((fingerprint) => leaves.get(fingerprint) ?? []);
    },
    sameKey: (leaf) => keys.of(leaf),
    successorOf({ certificate }) {
      const leaf = leaves.get(certificate.fingerprint);
      return leaf && successors.of(leaf);
    },
  };

  function replace(
    ...[agentId, holdings, certificates]: Parameters<FleetIndex['replace']>
  ): ReturnType<FleetIndex['replace']> {
    const touched = new Set<string>([agentId]);
    for (const fingerprint of hosts.get(agentId)?.held.keys() ?? []) {
      const leaf = leaves.get(fingerprint);
      if (leaf && !holdings?.held.has(fingerprint)) change(leaf, agentId, undefined, touched);
    }
    for (const fingerprint of holdings?.held.keys() ?? []) {
      const known = certificates.get(fingerprint);
      if (!known) continue;
      const before = leaves.get(fingerprint);
      const leaf = before && isSame(before, known) ? before : enter(known, touched, before);
      change(leaf, agentId, holdings, touched);
    }
    if (holdings) hosts.set(agentId, holdings);
    else hosts.delete(agentId);
    return touched;
  }

  /** What a host holds of a leaf. Others are concerned where it is the first or the last of something. */
  function change(leaf: Entry, agentId: string, holder: HostHoldings | undefined, touched: Set<string>): void {
    const { users: usersBefore } = leaf;
    touchFirst(leaf, touched);
    const sourceBefore = sourceOf(leaf);
    const before = leaf.holders.get(agentId);
    if (holder) leaf.holders.set(agentId, holder);
    else leaf.holders.delete(agentId);
    leaf.users += Number(holdingOf(leaf, holder)?.inUse ?? false) - Number(holdingOf(leaf, before)?.inUse ?? false);
    leaf.copies += Number(isCopy(leaf, holder)) - Number(isCopy(leaf, before));
    successors.watch(leaf, leaf.copies > 0);
    if (holder && (leaf.first === undefined || agentId < leaf.first)) leaf.first = agentId;
    else if (!holder && leaf.first === agentId) leaf.first = firstOf(leaf.holders.keys());
    keys.follow(leaf, agentId, holder !== undefined);
    touchFirst(leaf, touched);
    if ((usersBefore === 0) !== (leaf.users === 0)) touchAll(leaf.holders.keys(), touched);
    if (sourceOf(leaf) !== sourceBefore) touchCopies(successors.before(leaf), touched);
    if (leaf.holders.size === 0) leave(leaf, touched);
  }

  /** `before`: the same one, of which something else was told. */
  function enter(
    { certificate, firstSeenAt, keyDigest }: KnownCertificate,
    touched: Set<string>,
    before?: Entry,
  ): Entry {
    const leaf: Entry = {
      certificate,
      firstSeenAt,
      ...(keyDigest !== undefined && { keyDigest }),
      names: namesOf(certificate),
      authority: authorities.of(certificate.issuer),
      purpose: undefined,
      holders: before?.holders ?? new FewOrMany(),
      copies: before?.copies ?? 0,
      first: before?.first,
      users: before?.users ?? 0,
    };
    if (before) {
      touchAll(before.holders.keys(), touched);
      leave(before, touched);
    }
    leaves.set(certificate.fingerprint, leaf);
    keys.put(leaf);
    touchFirst(leaf, touched);
    touchCopies(successors.put(leaf), touched);
    successors.watch(leaf, leaf.copies > 0);
    return leaf;
  }

  /** Who is told of all that have its key. */
  function touchFirst(leaf: Entry, touched: Set<string>): void {
    const first = keys.of(leaf)?.first;
    if (first !== undefined) touched.add(first);
  }

  function leave(leaf: Entry, touched: Set<string>): void {
    leaves.delete(leaf.certificate.fingerprint);
    keys.take(leaf);
    touchFirst(leaf, touched);
    touchCopies(successors.take(leaf), touched);
  }
}

/** What is told of a leaf to those that hold the one before: where it can be had. */
function sourceOf(leaf: Entry): string {
  const source = leaf.holders.get(leaf.first ?? '');
  const holding = holdingOf(leaf, source);
  return holding ? JSON.stringify([source?.hostName, holding.files[0], holding.endpoints[0]]) : '';
}

function isSame(one: KnownCertificate, { certificate, firstSeenAt, keyDigest }: KnownCertificate): boolean {
  const { notBefore, notAfter, issuer, algorithm, subjectAltNames } = one.certificate;
  return (
    one.firstSeenAt === firstSeenAt &&
    one.keyDigest === keyDigest &&
    notBefore === certificate.notBefore &&
    notAfter === certificate.notAfter &&
    issuer === certificate.issuer &&
    algorithm === certificate.algorithm &&
    subjectAltNames.length === certificate.subjectAltNames.length &&
    subjectAltNames.every((name, at) => name === certificate.subjectAltNames[at])
  );
}

function touchCopies(leaves: readonly Entry[], touched: Set<string>): void {
  for (const leaf of leaves)
    for (const agentId of leaf.holders.keys()) if (isCopy(leaf, leaf.holders.get(agentId))) touched.add(agentId);
}

function isCopy(leaf: Leaf, holder: HostHoldings | undefined): boolean {
  return holdingOf(leaf, holder)?.renewedHere === false;
}

function touchAll(agentIds: Iterable<string>, touched: Set<string>): void {
  for (const agentId of agentIds) touched.add(agentId);
}

function firstOf(ids: Iterable<string>): string | undefined {
  let first: string | undefined;
  for (const id of ids) if (first === undefined || id < first) first = id;
  return first;
}
