import type { Actor, AuditEntry } from './accounts.ts';
import type { Kept } from './kept.ts';

/** Which certificates are to be replaced: those that fit all that is given. Texts take `*` for any characters, in any case. */
export interface Selection {
  /** The issuer's whole name, its organisation, or its common name. */
  issuer?: string;
  /** "RSA", "RSA 2048", "EC": a kind of key, with its size or without. */
  key?: string;
  /** notBefore is earlier than this; ISO 8601. */
  issuedBefore?: string;
  /** notAfter is earlier than this; ISO 8601. */
  endsBefore?: string;
  /** One of its names. */
  name?: string;
  /** The host that renews it: its name or its agent's id. */
  host?: string;
  owner?: string;
  team?: string;
  environment?: string;
}

/** How fast a campaign may go, and how much may fail. */
export interface CampaignLimits {
  /** Lineages that may fail before it pauses: 0 pauses on the first failure. */
  tolerance: number;
  /** Lineages in hand at the same time: in all, on one host, of one owner. */
  atOnce: number;
  perHost: number;
  perOwner: number;
  /** Certificates below one registered domain in seven days, with those that were issued without the campaign. */
  perDomainWeek: number;
  /** Certificates for exactly the same names in seven days, with those that were issued without the campaign. */
  perNamesWeek: number;
  /** Lineages that are asked for in three hours. */
  perThreeHours: number;
  /** From the asking on: by then the new certificate is served, or the lineage failed. */
  deadlineSeconds: number;
}

/** Where clients are shown the old certificate: a listener of a host, or an address that is asked from outside. */
export type CampaignPlace =
  | { kind: 'endpoint'; agentId: string; hostName: string; serverName: string; address: string; port: number }
  /** `vantage`: 'collector', or the id of the agent that looks, whose host is called `vantageName`. */
  | { kind: 'target'; target: string; address: string; vantage: string; vantageName?: string };

export type CampaignState = 'running' | 'paused' | 'done' | 'aborted';
/** `asked`: the host has been asked, and not everything serves the new one yet. */
export type MemberState = 'waiting' | 'asked' | 'served' | 'failed' | 'skipped';

/** A lineage of a host whose certificate is to be replaced, as it was when the campaign began. Strings are raw. */
export interface PlannedMember {
  agentId: string;
  hostName: string;
  lineage: string;
  /** Counted from 1. */
  wave: number;
  /** Of its label; undefined: nobody's. */
  owner: string | undefined;
  /** The fingerprint of the certificate that is to go. */
  old: string;
  names: readonly string[];
  issuer: string;
  key: string;
  notBefore: string;
  notAfter: string;
  places: readonly CampaignPlace[];
}

/** Instants are milliseconds since 1970. */
export interface MemberRow extends PlannedMember {
  /** Its place in the campaign, counted from 1. */
  number: number;
  state: MemberState;
  /** How often its host was asked: grows with each resume after a failure. */
  attempt: number;
  /** The id of the request of this attempt. */
  request: string | undefined;
  /** When it was last asked; stays where it waits again. */
  askedAt: number | undefined;
  changedAt: number;
  /** Why it failed or was skipped. */
  cause: string | undefined;
}

export interface CampaignRow {
  /** A UUID. */
  id: string;
  selection: Selection;
  limits: CampaignLimits;
  reason: string;
  startedBy: string;
  via: Actor['via'];
  startedAt: number;
  state: CampaignState;
  /** Why it is paused, or was aborted. */
  cause: string | undefined;
  /** The number of the lineage whose failure paused it; undefined: it is not paused, or a person paused it. */
  haltedBy: number | undefined;
  changedAt: number;
}

export type CampaignDraft = Omit<CampaignRow, 'state' | 'cause' | 'haltedBy' | 'changedAt'> & {
  /** The same key again is the same campaign. */
  key: string | undefined;
};

/** What becomes of a member; what is left out stays. */
export type MemberMove = Pick<MemberRow, 'state' | 'attempt' | 'cause'> & { askedAt: number | undefined };

/** Lineages of one wave, owner and state. */
export interface MemberCount {
  campaign: string;
  wave: number;
  owner: string | undefined;
  state: MemberState;
  lineages: number;
  /** That presented the old certificates when the campaign began. */
  places: number;
}

/** A campaign that waits for a person, and why. */
export interface HaltedCampaign {
  campaign: CampaignRow;
  member: MemberRow;
}

/** What is kept of campaigns. A change whose beginning is not there any more is none, and tells false: two may try it. */
export interface Campaigns {
  /** Keeps a campaign with its members, or finds the one that has its key. */
  add: (draft: CampaignDraft, members: readonly PlannedMember[], entry: AuditEntry) => Promise<Kept<CampaignRow>>;
  /** Newest first; those whose id begins like this. */
  list: (limit: number, idStart?: string) => Promise<CampaignRow[]>;
  /** Of these campaigns, in the order of waves: costs what the index takes, and reads no lineage. */
  counts: (ids: readonly string[]) => Promise<MemberCount[]>;
  find: (id: string) => Promise<CampaignRow | undefined>;
  findByKey: (key: string) => Promise<CampaignRow | undefined>;
  /** Those that run or are paused, the oldest first. */
  open: () => Promise<CampaignRow[]>;
  /** Those that paused themselves, each with the lineage whose failure did it; the oldest first. */
  halted: () => Promise<HaltedCampaign[]>;
  /** In their order. */
  members: (id: string) => Promise<MemberRow[]>;
  /** Another one whenever a member is. */
  membersMark: (id: string) => Promise<string>;
  move: (
    id: string,
    from: readonly CampaignState[],
    to: Pick<CampaignRow, 'state' | 'cause'> & Partial<Pick<CampaignRow, 'haltedBy'>>,
    at: number,
    entry?: AuditEntry,
  ) => Promise<Kept<boolean>>;
  /** Goes on, and what failed waits again; when it was asked stays, since CAs count that. */
  resume: (id: string, at: number, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Only of a campaign that runs a member becomes `asked`. */
  moveMember: (
    id: string,
    from: Pick<MemberRow, 'number' | 'state' | 'attempt'>,
    to: MemberMove,
    at: number,
    entry?: AuditEntry,
  ) => Promise<Kept<boolean>>;
  /** Removes at most one campaign that was over before an instant, with its members; false: there is none. */
  prune: (before: number) => Promise<Kept<boolean>>;
  /** Of this attempt. */
  noteRequest: (id: string, member: Pick<MemberRow, 'number' | 'attempt'>, request: string) => Promise<Kept<boolean>>;
}

/** As both databases give it. */
export interface RawCampaign {
  id: string;
  selection: string;
  limits: string;
  reason: string;
  started_by: string;
  via: Actor['via'];
  started_at: number;
  state: CampaignState;
  cause: string | null;
  halted_by: number | null;
  changed_at: number;
}

/** As both databases give it. */
export interface RawMember {
  number: number;
  planned: string;
  state: MemberState;
  attempt: number;
  request: string | null;
  asked_at: number | null;
  changed_at: number;
  cause: string | null;
}

export function readCampaign(raw: RawCampaign): CampaignRow {
  const { id, reason, via, state } = raw;
  return {
    id,
    selection: JSON.parse(raw.selection),
    // of a campaign from before this one was counted
    limits: { perNamesWeek: 5, ...JSON.parse(raw.limits) },
    reason,
    startedBy: raw.started_by,
    via,
    startedAt: raw.started_at,
    state,
    cause: raw.cause ?? undefined,
    haltedBy: raw.halted_by ?? undefined,
    changedAt: raw.changed_at,
  };
}

export function readMember(raw: RawMember): MemberRow {
  const planned: PlannedMember = JSON.parse(raw.planned);
  const { number, state, attempt } = raw;
  return {
    ...planned,
    owner: planned.owner,
    number,
    state,
    attempt,
    request: raw.request ?? undefined,
    askedAt: raw.asked_at ?? undefined,
    changedAt: raw.changed_at,
    cause: raw.cause ?? undefined,
  };
}
