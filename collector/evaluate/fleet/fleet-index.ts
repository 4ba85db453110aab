import type { Certificate } from '@certherd/protocol/certificate';
import { attributeValues } from '../distinguished-name.ts';
import { FewOrMany } from './few-or-many.ts';
import { type Holding, type HostHoldings, namesOf } from './holdings.ts';

/** A certificate, and when the collector was first told of it: milliseconds since 1970. */
export interface KnownCertificate {
  certificate: Certificate;
  firstSeenAt: number;
}

/** One leaf, and where the fleet holds it. */
export interface Leaf extends KnownCertificate {
  /** As `namesOf`. */
  names: readonly string[];
  /** The organisation that issued it, else the issuer's whole name: intermediates change, their organisation stays. */
  authority: string;
  /** By agent id. */
  holders: Pick<FewOrMany<string, Holder>, 'size' | 'get' | 'keys' | 'values'>;
  /** The holder whose id comes first: it is told of what concerns them all, and others are told that it has it. It seldom changes. */
  first: string | undefined;
  /** How many of them name it in a config, or present it. */
  users: number;
  /** The youngest certificate of the fleet that does all that this one does, and came later from the same authority. */
  successor: Leaf | undefined;
}

interface Holder {
  hostName: string;
  holding: Holding;
}

type Entry = Leaf & { holders: FewOrMany<string, Holder>; successor: Entry | undefined };

/** Which certificate is where, across the fleet: fingerprint to files and endpoints, name to certificates. */
export interface FleetIndex {
  /** Puts what a host holds in the place of what it held; undefined: nothing. Returns the agents whose findings may be others now. */
  replace: (
    agentId: string,
    holdings: HostHoldings | undefined,
    certificates: Pick<ReadonlyMap<string, KnownCertificate>, 'get'>,
  ) => ReadonlySet<string>;
  /** What a host holds, in no order. */
  heldBy: (agentId: string) => readonly Leaf[];
}

/** An empty index. A change costs what the changed certificates' own names cost, however large the fleet is. */
export function createFleetIndex(): FleetIndex {
  const leaves = new Map<string, Entry>();
  const byName = new Map<string, FewOrMany<string, Entry>>();
  const hosts = new Map<string, HostHoldings>();

  return {
    replace(agentId, holdings, certificates) {
      const touched = new Set<string>([agentId]);
      for (const fingerprint of hosts.get(agentId)?.held.keys() ?? []) {
        const leaf = leaves.get(fingerprint);
        if (leaf && !holdings?.held.has(fingerprint)) change(leaf, agentId, undefined, touched);
      }
      for (const [fingerprint, holding] of holdings?.held ?? []) {
        const known = certificates.get(fingerprint);
        if (!known) continue;
        const before = leaves.get(fingerprint);
        const leaf = before && isSame(before, known) ? before : enter(known, touched, before);
        change(leaf, agentId, { hostName: holdings?.hostName ?? '', holding }, touched);
      }
      if (holdings) hosts.set(agentId, holdings);
      else hosts.delete(agentId);
      return touched;
    },
    heldBy(agentId) {
      return [...(hosts.get(agentId)?.held.keys() ?? [])].flatMap((fingerprint) => leaves.get(fingerprint) ?? []);
    },
  };

  /** What a host holds of a leaf. Others are concerned where it is the first or the last of something. */
  function change(leaf: Entry, agentId: string, holder: Holder | undefined, touched: Set<string>): void {
    const { users: usersBefore, first: firstBefore } = leaf;
    const before = leaf.holders.get(agentId);
    if (holder) leaf.holders.set(agentId, holder);
    else leaf.holders.delete(agentId);
    leaf.users += Number(holder?.holding.inUse ?? false) - Number(before?.holding.inUse ?? false);
    if (holder && (leaf.first === undefined || agentId < leaf.first)) leaf.first = agentId;
    else if (!holder && leaf.first === agentId) leaf.first = firstOf(leaf.holders.keys());
    for (const told of [firstBefore, leaf.first]) if (told !== undefined) touched.add(told);
    if (usersBefore === 0 || leaf.users === 0) touchHolders(leaf, touched);
    if (leaf.first === agentId || leaf.first !== firstBefore)
      for (const older of olderThan(leaf)) touchHolders(older, touched);
    if (leaf.holders.size === 0) leave(leaf);
  }

  /** `before`: the same one, of which something else was told. */
  function enter({ certificate, firstSeenAt }: KnownCertificate, touched: Set<string>, before?: Entry): Entry {
    const leaf: Entry = {
      certificate,
      firstSeenAt,
      names: namesOf(certificate),
      authority: authorityOf(certificate),
      holders: before?.holders ?? new FewOrMany(),
      first: before?.first,
      users: before?.users ?? 0,
      successor: undefined,
    };
    if (before) {
      for (const concerned of [before, ...olderThan(before)]) touchHolders(concerned, touched);
      leave(before);
    }
    leaves.set(certificate.fingerprint, leaf);
    leaf.successor = youngestAfter(leaf);
    for (const older of ofItsNames(leaf)) {
      if (!succeeds(leaf, older) || (older.successor && !isYounger(leaf, older.successor))) continue;
      older.successor = leaf;
      touchHolders(older, touched);
    }
    for (const name of leaf.names) {
      const others = byName.get(name) ?? new FewOrMany();
      others.set(certificate.fingerprint, leaf);
      byName.set(name, others);
    }
    return leaf;
  }

  function leave(leaf: Entry): void {
    const older = olderThan(leaf);
    leaves.delete(leaf.certificate.fingerprint);
    for (const name of leaf.names) {
      const others = byName.get(name);
      others?.delete(leaf.certificate.fingerprint);
      if (others?.size === 0) byName.delete(name);
    }
    for (const one of older) one.successor = youngestAfter(one);
  }

  function olderThan(leaf: Entry): Entry[] {
    return [...ofItsNames(leaf)].filter(({ successor }) => successor === leaf);
  }

  function ofItsNames(leaf: Entry): Set<Entry> {
    const found = new Set<Entry>();
    for (const name of leaf.names)
      for (const other of byName.get(name)?.values() ?? []) if (other !== leaf) found.add(other);
    return found;
  }

  /** Whatever has all names of a leaf has its first one. */
  function youngestAfter(leaf: Entry): Entry | undefined {
    let youngest: Entry | undefined;
    for (const other of byName.get(leaf.names[0] ?? '')?.values() ?? [])
      if (succeeds(other, leaf) && (!youngest || isYounger(other, youngest))) youngest = other;
    return youngest;
  }
}

function isSame(one: KnownCertificate, { certificate, firstSeenAt }: KnownCertificate): boolean {
  const { notBefore, notAfter, issuer, algorithm, subjectAltNames } = one.certificate;
  return (
    one.firstSeenAt === firstSeenAt &&
    notBefore === certificate.notBefore &&
    notAfter === certificate.notAfter &&
    issuer === certificate.issuer &&
    algorithm === certificate.algorithm &&
    subjectAltNames.length === certificate.subjectAltNames.length &&
    subjectAltNames.every((name, at) => name === certificate.subjectAltNames[at])
  );
}

function touchHolders({ holders }: Leaf, touched: Set<string>): void {
  for (const agentId of holders.keys()) touched.add(agentId);
}

function firstOf(ids: Iterable<string>): string | undefined {
  let first: string | undefined;
  for (const id of ids) if (first === undefined || id < first) first = id;
  return first;
}

/** Instants as text are in the order of time. */
function succeeds(newer: Leaf, older: Leaf): boolean {
  if (newer.certificate.notBefore <= older.certificate.notBefore || older.names.length === 0) return false;
  if (newer.certificate.algorithm !== older.certificate.algorithm || newer.authority !== older.authority) return false;
  if (newer.names.length < older.names.length) return false;
  const names = new Set(newer.names);
  return older.names.every((name) => names.has(name));
}

function isYounger({ certificate: a }: Leaf, { certificate: b }: Leaf): boolean {
  return a.notBefore === b.notBefore ? a.fingerprint < b.fingerprint : a.notBefore > b.notBefore;
}

function authorityOf({ issuer }: Certificate): string {
  return attributeValues(issuer, 'O')[0] ?? issuer;
}
