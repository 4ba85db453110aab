import type { Severity } from '@certherd/protocol/finding';
import type { AuditEntry } from './accounts.ts';
import type { Concern } from './concern.ts';
import type { Kept } from './kept.ts';

/** A stored change of one concern's status: the row is there before anybody is told. */
export interface Transition {
  key: string;
  /** Counts the transitions of this key, from 1. */
  ordinal: number;
  kind: 'opened' | 'changed' | 'resolved';
  /** When the collector saw it: milliseconds since 1970. */
  at: number;
  /** When it was last opened. */
  openedAt: number;
  concern: Concern;
}

/** What is to be written down; `after` is the ordinal of the transition that stands, undefined: none may stand. */
export type TransitionDraft = Omit<Transition, 'ordinal'> & { after: number | undefined };

/** What one cause is told as, from the first message to "resolved". Instants are milliseconds since 1970. */
export interface Incident {
  id: string;
  /** The name of the rule that tells it. */
  rule: string;
  /** Stands for what its concerns have in common. One rule has one open incident for each. */
  group: string;
  openedAt: number;
  closedAt: number | undefined;
  /** Grows with each write. */
  revision: number;
  told: Told;
  acknowledged: Acknowledgement | undefined;
}

/** How far it was told. */
export interface Told {
  /** Messages so far; each has a number. */
  count: number;
  firstAt: number;
  lastAt: number;
  severity: Exclude<Severity, 'notice'>;
  /** Keys of the concerns that were told. */
  keys: readonly string[];
  /** Channels that were told, in order. */
  channels: readonly string[];
  /** Steps of the rule's escalation that were taken. */
  steps: number;
  /** When somebody took it on, as far as that was told. */
  acknowledgedAt?: number;
  /** The last message, as JSON. */
  message: string;
}

export interface Acknowledgement {
  by: string;
  reason: string;
  at: number;
  /** As it was told then: when it gets worse, this holds no more. */
  severity: Exclude<Severity, 'notice'>;
}

/** An incident as it is to be; `revision` is the one that was read, 0 for a new one. */
export type IncidentWrite = Omit<Incident, 'acknowledged'>;

export interface NotificationDraft {
  /** The same one is the same message: receivers that take such a key drop a second copy. */
  id: string;
  incident: string;
  channel: string;
  madeAt: number;
  dueAt: number;
  /** The message as JSON. */
  body: string;
}

export interface Notification extends NotificationDraft {
  /** How often it was begun before. */
  tries: number;
  /** Why the last try failed; undefined: whoever tried did not come back. */
  failure: string | undefined;
}

/** How a channel stands, for doctor and metrics. */
export interface ChannelState {
  channel: string;
  /** Messages that are still to be sent, and since when the oldest is due. */
  waiting: number;
  oldestAt: number | undefined;
  sent: number;
  dropped: number;
  /** Of the oldest that waits. */
  failure: string | undefined;
}

/** Nothing that fits is told until then. All that are given have to fit. */
export interface Silence {
  id: string;
  madeAt: number;
  /** It has an end, always. */
  until: number;
  by: string;
  reason: string;
  match: SilenceMatch;
}

export interface SilenceMatch {
  incident?: string;
  /** A host's name, or a pattern with "*". */
  host?: string;
  /** A server name, or a pattern with "*". */
  name?: string;
  code?: string;
  labels?: Readonly<Record<string, string>>;
}

/** What was told, what is to be, and what people said about it. Writes resolve when they are durable; what people said is kept with its entry in the audit history. */
export interface Telling {
  /** The last transition of each key, where that is not `resolved`. */
  standing: () => Promise<Transition[]>;
  /** Those that fit what stands now are kept; others were written by somebody else. */
  addTransitions: (drafts: readonly TransitionDraft[]) => Promise<Kept<void>>;
  /** Those that are not closed. */
  incidents: () => Promise<Incident[]>;
  findIncident: (id: string) => Promise<Incident | undefined>;
  /** Each incident with its messages wholly or, where another one wrote it since, not at all. */
  savePlan: (
    incidents: readonly { incident: IncidentWrite; notifications: readonly NotificationDraft[] }[],
  ) => Promise<Kept<void>>;
  /** The oldest message of a channel that is due, held for `leaseMs`. One of an incident goes after the other. What a clock that was ahead has written is due. */
  claim: (channel: string, now: number, leaseMs: number) => Promise<Kept<Notification | undefined>>;
  markSent: (id: string, at: number) => Promise<Kept<void>>;
  /** To be tried again at `dueAt`; undefined: given up. */
  markFailed: (id: string, failure: string, dueAt: number | undefined, at: number) => Promise<Kept<void>>;
  channels: () => Promise<ChannelState[]>;
  /** Gives up what waits for a channel that is no more and was made until then; how many there were. */
  dropWaiting: (channel: string, why: string, madeUntil: number, at: number) => Promise<Kept<number>>;
  /** Gives up the oldest that wait for a channel, as many as are more than `most`; how many these were. */
  dropBeyond: (channel: string, why: string, most: number, at: number) => Promise<Kept<number>>;
  /** False: no such incident, or it is closed. */
  acknowledge: (incident: string, said: Acknowledgement, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Nobody has it any more; false: nobody had, or it is closed. */
  takeBack: (incident: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Those that hold at `now`, the first to end first. */
  silences: (now: number) => Promise<Silence[]>;
  addSilence: (silence: Silence, entry: AuditEntry) => Promise<Kept<void>>;
  /** False: no such silence, or it is over. */
  endSilence: (id: string, now: number, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** What signs links in messages; `proposed` is kept where there is none yet. */
  linkKey: (proposed: string) => Promise<Kept<string>>;
  /** What was over before then goes; the last transition of each subject stays. */
  prune: (before: number) => Promise<Kept<void>>;
}
