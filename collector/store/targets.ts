import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { NotTold } from '@certherd/protocol/look';
import type { OcspFailureReason, OcspStatus } from '@certherd/x509/ocsp-response';
import type { AuditEntry } from './accounts.ts';
import type { Kept } from './kept.ts';

/** Why nothing was seen from outside: the words of collector/scan. Detail is raw. */
export interface TargetFailure {
  reason: string;
  detail: string;
}

/** The OCSP answer that a server staples to its leaf (RFC 6066 8). */
export interface Staple {
  /** What it says, why it cannot be believed, or that there is none. */
  state: OcspStatus | OcspFailureReason | 'none';
  /** ISO 8601; of one that is believed. */
  producedAt?: string;
  thisUpdate?: string;
  /** Until when it may be relied on; absent: without end. */
  nextUpdate?: string;
  revokedAt?: string;
}

/** What one address of a target presented to clients of one kind of key, when it last presented something. Strings are raw. */
export interface TargetPlace {
  address: string;
  /** The leaf; absent with all that is read in it where this address has never shown one. */
  served?: string;
  /** The chain as sent, leaf left out. */
  chain: string[];
  algorithm?: SignatureAlgorithm;
  subject?: string;
  issuer?: string;
  /** Absent, too, where it was seen last by a collector that did not keep it. */
  serialNumber?: string;
  notBefore?: string;
  notAfter?: string;
  tlsVersion?: string;
  nameMatches?: boolean;
  trusted?: boolean;
  chainProblem?: string;
  /** With since when it has been in this state, as `since`. Absent where that is not known: the agent that looked is older. */
  staple?: Staple & { since: number };
  /** The leaf demands that there is one (RFC 7633). */
  mustStaple?: true;
  /** Since when it presents this one, or none; milliseconds since 1970, by when that was first seen. */
  since: number;
  /** Why it showed nothing when it was asked last, and since when; what is told beside it is from before. */
  failure?: TargetFailure & { since: number };
}

/** What was seen of a target last. */
export interface TargetState {
  places: TargetPlace[];
  /** Addresses of the name that were not asked. */
  leftOut: number;
  /** A family of which no resolver told, while there are addresses of the other one: whether there are any is not known. */
  notTold?: NotTold;
  /** Why its addresses are not known, and since when; `places` are those of before. */
  failure?: TargetFailure & { since?: number };
}

/** Something that is asked from outside, again and again. Instants are milliseconds since 1970. */
export interface TargetRow {
  id: number;
  /** As targets are written: "smtp://mail.example.com:25". */
  target: string;
  everyMs: number;
  /** Where it is asked from: 'collector', or the id of the agent that looks. */
  vantage: string;
  /** What that agent's host is called. */
  vantageName?: string | undefined;
  /** An account of the collector's machine. */
  setBy: string;
  setAt: number;
  askedAt: number | undefined;
  /** How often somebody wanted it asked before its time since a look began that was kept; 0: nobody waits. */
  wanted: number;
  seen: TargetState | undefined;
  /** What its name is labelled, as far as that was looked up. */
  labels?: Readonly<Record<string, string>>;
  /** Those of the leaves that it presents which a host of the fleet holds or held. */
  held: string[];
}

export interface TargetDraft extends Pick<TargetRow, 'target' | 'everyMs' | 'setBy'> {
  /** The collector, if it is not told. */
  vantage?: string;
}

/** From then on an address presented this leaf. */
export interface TargetChange {
  address: string;
  algorithm: SignatureAlgorithm;
  /** undefined: it is not one of the target's any more. */
  served: string | undefined;
}

/** An address of a target presented this leaf, from then until another took its place. Milliseconds since 1970. */
export interface TargetStay {
  address: string;
  algorithm: SignatureAlgorithm;
  served: string;
  from: number;
  /** undefined: it still does. */
  until: number | undefined;
}

/** What is kept of targets. */
export interface Targets {
  /** In the order of their texts: one for each vantage, and the collector's first. */
  all: () => Promise<TargetRow[]>;
  /** Of one that is there already its interval is another. */
  add: (draft: TargetDraft, at: number, entry?: AuditEntry) => Promise<Kept<void>>;
  /** False, and nothing is kept, where it is there already. */
  addNew: (draft: TargetDraft, at: number, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** To be asked as soon as may be; was there one? */
  want: (id: number, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** By its text, with its history, of one vantage or of all; was there one? */
  remove: (target: string, entry?: AuditEntry, vantage?: string) => Promise<Kept<boolean>>;
  /** False: it was removed meanwhile. `looked` is the row as it was when the look began: who asked for one after that waits for the next. */
  keep: (
    looked: Pick<TargetRow, 'id' | 'wanted'>,
    at: number,
    seen: TargetState,
    changed: readonly TargetChange[],
  ) => Promise<Kept<boolean>>;
  stays: (id: number) => Promise<TargetStay[]>;
}

/** How many changes of one target are kept: the oldest go. */
export const mostTargetChanges = 1000;

/** As both databases give it. */
export interface RawTarget {
  id: number;
  target: string;
  every_ms: number;
  vantage: string;
  vantage_name: string | null;
  set_by: string;
  set_at: number;
  asked_at: number | null;
  wanted: number;
  seen: string | null;
}

/** `isHeld`: does, or did, a host of the fleet hold this leaf? */
export function readTarget(row: RawTarget, isHeld: (fingerprint: string) => boolean): TargetRow {
  const seen: TargetState | undefined = row.seen === null ? undefined : JSON.parse(row.seen);
  return {
    id: row.id,
    target: row.target,
    everyMs: row.every_ms,
    vantage: row.vantage,
    vantageName: row.vantage_name ?? undefined,
    setBy: row.set_by,
    setAt: row.set_at,
    askedAt: row.asked_at ?? undefined,
    wanted: row.wanted,
    seen,
    held: servedBy(seen).filter(isHeld),
  };
}

export function servedBy(seen: TargetState | undefined): string[] {
  return [...new Set(seen?.places.flatMap(({ served }) => served ?? []))];
}

/** As both databases give it; '' for none. */
export interface RawTargetChange {
  address: string;
  algorithm: SignatureAlgorithm;
  at: number;
  served: string;
}

/** Newest first; `changes` are in the order of time. */
export function targetStays(changes: readonly RawTargetChange[]): TargetStay[] {
  const open = new Map<string, TargetStay>();
  const stays: TargetStay[] = [];
  for (const { address, algorithm, at, served } of changes) {
    const key = `${address} ${algorithm}`;
    const before = open.get(key);
    if (before) before.until = at;
    open.delete(key);
    if (served === '') continue;
    const stay: TargetStay = { address, algorithm, served, from: at, until: undefined };
    open.set(key, stay);
    stays.push(stay);
  }
  return stays.toReversed();
}
