import type { Records } from '../receive/records.ts';
import type {
  Change,
  EndpointStay,
  EventFacts,
  Facts,
  HostReads,
  LabelChange,
  LabelChanged,
  LabelDraft,
  LabelRule,
  ListedFacts,
  Restoration,
  Stay,
  TokenLabels,
} from './facts.ts';
import type { Accounts, AuditEntry } from './accounts.ts';
import type { Campaigns } from './campaigns.ts';
import type { Kept } from './kept.ts';
import type { RequestDraft, RequestRow } from './requests.ts';
import type { ThinPlace, ThinSlice } from './retention.ts';
import type { Targets } from './targets.ts';
import type { Transparency } from './transparency.ts';
import type { CopyDatabase } from './sqlite/backup.ts';
import type { Telling } from './tell.ts';

/**
 * All that the collector keeps: in a file of its own (sqlite/), or in a database that several collectors share (postgres/). Writes resolve when
 * they are durable, or say why nothing was kept; an `entry` of the audit history is kept with what it tells, if anything was changed. Reads reject where the
 * database cannot be read.
 */
export interface Store extends Records, HostReads {
  collectorId: string;
  accounts: Accounts;
  /** Takes a host's identity away, for good. False: there is no such host, or it was done before. */
  revoke: (agentId: string, at: number, entry?: AuditEntry) => Promise<Kept<boolean>>;
  addToken: (
    hash: Uint8Array,
    at: number,
    expiresAt: number,
    labels?: TokenLabels,
    entry?: AuditEntry,
  ) => Promise<Kept<void>>;
  /** Resolves with how many rules are new, or have another value or source. */
  setLabels: (drafts: readonly LabelDraft[], at: number, entry?: AuditEntry) => Promise<Kept<number>>;
  /** Resolves with how many there were. */
  removeLabels: (
    rules: Pick<LabelRule, 'scope' | 'pattern'>,
    keys: readonly string[],
    entry?: AuditEntry,
  ) => Promise<Kept<number>>;
  labels: () => Promise<LabelRule[]>;
  /** All of them or, where one of that scope, pattern and key is there, none: resolves with those that are in the way. */
  addLabels: (drafts: readonly LabelDraft[], at: number, entry: AuditEntry) => Promise<Kept<LabelRule[]>>;
  /** What was seen is what is changed, or nothing is. */
  changeLabel: (
    change: LabelChange,
    at: number,
    entryOf: (rule: LabelRule) => AuditEntry,
  ) => Promise<Kept<LabelChanged>>;
  /** Puts a list in the place of the one that is there, with the labels that it gives to names. */
  replaceListed: (
    rows: readonly ListedFacts[],
    labels: readonly Pick<LabelRule, 'pattern' | 'key' | 'value'>[],
    setBy: string,
    at: number,
    entry?: AuditEntry,
    /** `listTag` of the list that it takes the place of: false, and nothing is done, where it is another one by now. */
    seen?: string,
  ) => Promise<Kept<boolean>>;
  listed: () => Promise<ListedFacts[]>;
  /** The agents' listener as last served, "HOST:PORT". */
  agentAddress: () => Promise<string | undefined>;
  noteAgentAddress: (address: string) => Promise<Kept<void>>;
  /** Writes one row: can anything be kept? */
  checkWritable: (at: number) => Promise<Kept<void>>;
  /** All at once, for commands: what serves reads some hosts at a time. */
  facts: () => Promise<Facts>;
  /** Hosts that were ever enrolled. */
  hostCount: () => Promise<number>;
  /** In order of arrival; without `after` the newest. */
  events: (after: number | undefined, limit: number) => Promise<EventFacts[]>;
  /** Keeps a request, or finds the one that has its key. */
  addRequest: (draft: RequestDraft, entry?: AuditEntry) => Promise<Kept<RequestRow>>;
  noteSent: (id: string, at: number) => Promise<Kept<void>>;
  findRequest: (id: string) => Promise<RequestRow | undefined>;
  waitingRequests: (now: number) => Promise<RequestRow[]>;
  targets: Targets;
  transparency: Transparency;
  campaigns: Campaigns;
  /** Newest first. */
  requests: (limit: number) => Promise<RequestRow[]>;
  /** What was told to whom. */
  telling: Telling;
  /** Each time that a backup took this database's place, newest first. */
  restorations: () => Promise<Restoration[]>;
  /** Copies the database while it goes on writing; undefined: its own server makes backups. */
  copyTo: CopyDatabase | undefined;
  /** A host's history, oldest first; with `since` (milliseconds since 1970) what came then or after, and of each subject and kind the last before. */
  changes: (agentId: string, since?: number) => Promise<(Change & { at: number })[]>;
  /** One slice of what is over before an instant goes. */
  thin: (before: number, place: ThinPlace) => Promise<Kept<ThinSlice>>;
  /** What the database takes on disk, without what is free in it; undefined: its own server looks after that. */
  usedBytes: (() => Promise<number>) | undefined;
  /** When an agent was last heard, by the clock of then; undefined: none was. */
  newestAt: () => Promise<number | undefined>;
  /** Where a certificate was issued, configured and served, newest first. */
  stays: (fingerprint: string) => Promise<Stay[]>;
  /** What was issued, configured and served of one endpoint, newest first, at most 1,000. */
  endpointStays: (agentId: string, endpoint: string) => Promise<EndpointStay[]>;
  /** undefined: no such certificate, or no agent has told it. */
  der: (fingerprint: string) => Promise<Uint8Array | undefined>;
  /** Has `begin` run in one collector of the fleet at a time, and what it returns once another one leads. Returns what ends it here. */
  lead: (begin: () => () => void) => () => void;
  close: () => Promise<void>;
}
