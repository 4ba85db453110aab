import type { Certificate } from '@certherd/protocol/certificate';
import type { SnapshotFrame } from '@certherd/protocol/frame';
import type { Result } from '@certherd/protocol/failure';
import type { ToldEvent } from './told-events.ts';

/**
 * What changed, as the page and the API group it; `labels`: a host may have been given some as it enrolled; `heard`: a host is connected, and
 * nothing that is kept of it is other.
 */
export type Topic =
  | 'heard'
  | 'hosts'
  | 'certificates'
  | 'endpoints'
  | 'lineages'
  | 'findings'
  | 'events'
  | 'targets'
  | 'labels';

/** Something changed: of these agents, or, without them, of nobody knows which. */
export type Changed = (topics: readonly Topic[], agentIds?: readonly string[]) => void;

/** Nothing was kept; the same request may succeed later. */
export interface NotKept {
  reason: 'disk-full' | 'write-failed' | 'unreachable';
  detail: string;
}

/** An answer of this type is on disk when it resolves. */
export type Durable<T> = Promise<Result<T, NotKept>>;

export interface Enrolment {
  /** SHA-256 of the token. */
  tokenHash: Uint8Array;
  /** Ed25519, SPKI DER. */
  publicKey: Uint8Array;
  hostName: string;
  /** Used if this key is new. */
  proposedAgentId: string;
  /** Milliseconds since 1970. */
  at: number;
}

export interface SessionStart {
  agentId: string;
  generation: number;
  bootId: string;
  hostName: string;
  agentVersion: string;
  epoch: string;
  at: number;
}

/** What a new session continues from. */
export interface SessionState {
  ackedSeq: number;
  snapshotDigest: string | undefined;
  /** The host has another name, or its agent another version, than before. */
  isOther: boolean;
}

export interface Identity {
  publicKey: Uint8Array;
  revoked: boolean;
}

export interface Heard {
  agentId: string;
  heardAt: number;
  /** When the agent last looked at the facts of its current snapshot. */
  observedAt?: number;
}

/** A certificate of which only an agent's word is known. */
export interface NotProved {
  /** Of its row: they grow in the order in which certificates were first told. */
  id: number;
  fingerprint: string;
}

/** A certificate with what was read in its DER here. */
export interface Proved {
  certificate: Certificate;
  der: Uint8Array;
  /** As in CertificateFacts. */
  keyDigest?: string;
}

export interface DerKept {
  topics: Topic[];
  /** Certificates of which an agent (its id) had told other dates than are in them. */
  contradicted: { fingerprint: string; toldBy: string | undefined }[];
}

/** What receiving asks to be kept. The store provides it. */
export interface Records {
  /** The agent id. undefined: the token is unknown, spent by another key, or over; one answer for all three. */
  enrol: (enrolment: Enrolment) => Durable<{ agentId: string } | { revoked: true } | undefined>;
  identity: (agentId: string) => Promise<Identity | undefined>;
  /** As this process knows it, at once: a revocation elsewhere is known here a second later. What is kept is looked at again. */
  isRevoked: (agentId: string) => boolean;
  /** undefined: the generation does not grow, so that this state was copied or restored; the host is flagged. */
  beginSession: (start: SessionStart) => Durable<SessionState | undefined>;
  /** The session of this generation is over. */
  endSession: (agentId: string, generation: number) => Durable<void>;
  /** Notes that another machine presented this identity. */
  noteConflict: (agentId: string, at: number) => Durable<void>;
  /** Puts `next` in the place of `current`. False: that is its key no more, it was revoked, or `next` is another host's. */
  replaceKey: (agentId: string, current: Uint8Array, next: Uint8Array, at: number) => Durable<boolean>;
  /** undefined: the host was revoked, and nothing was kept. */
  keepSnapshot: (agentId: string, frame: SnapshotFrame, at: number) => Durable<Topic[] | undefined>;
  /** Certificates of a host's current snapshot that nobody has told the DER of, beyond a row, in the order of rows. */
  notProved: (agentId: string, beyond: number, limit: number) => Promise<NotProved[]>;
  /** Bytes of DER of a host's current certificates. */
  derBytes: (agentId: string) => Promise<number>;
  /** Keeps the DER of those that have none yet, and what it says in the place of what was told; undefined: the host was revoked. */
  keepDer: (agentId: string, proved: readonly Proved[]) => Durable<DerKept | undefined>;
  /** Events in order of seq. The seq up to which all events of the epoch are kept, and how many were new; undefined: the host was revoked. */
  keepEvents: (
    agentId: string,
    epoch: string,
    events: readonly ToldEvent[],
    at: number,
  ) => Durable<{ ackedSeq: number; added: number } | undefined>;
  /** What other processes changed since this was last asked. */
  changedElsewhere: () => Promise<readonly Topic[]>;
  /** Has `task` run once there may be something to ask for by changedElsewhere, if another process can tell. */
  onElsewhere: (task: () => void) => void;
  others: Others;
  /** Agent ids of all revoked hosts. */
  revoked: () => Promise<string[]>;
  noteHeard: (heard: Heard[]) => Durable<void>;
  lastHeard: () => Promise<LastHeard[]>;
}

/** When an enrolled agent was last heard, as kept; and is it connected to another collector that lives? */
export interface LastHeard {
  agentId: string;
  heardAt: number | undefined;
  elsewhere: boolean;
}

/** Other collectors that serve the same fleet from the same database. */
export interface Others {
  /** Has one of them a session of this agent whose other end still answers? Settles within about three seconds. */
  answers: (agentId: string) => Promise<boolean>;
  /** What they may ask of this one. */
  attend: (own: {
    /** Has this collector a session of the agent whose other end still answers? */
    answers: (agentId: string) => Promise<boolean>;
    /** A newer session of the agent began elsewhere. */
    yield: (agentId: string, generation: number) => void;
  }) => void;
}

/** There are none. */
export const alone: Others = { answers: async () => false, attend: () => {} };
