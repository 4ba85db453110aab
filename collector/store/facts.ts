import type { Certificate } from '@certherd/protocol/certificate';
import type { Event } from '@certherd/protocol/event';
import type { Finding } from '@certherd/protocol/finding';
import type { TargetRow } from './targets.ts';
import type { Deployment, Endpoint, FileObservation, Lineage, Server, Snapshot } from '@certherd/protocol/snapshot';

/** What one host last told. Instants are milliseconds since 1970. */
export interface SnapshotFacts {
  digest: string;
  observedAt: number;
  receivedAt: number;
  /** By how much, at least, the host's clock was ahead when it came: what it says of its own instants is later by so much. Milliseconds. */
  aheadMs?: number;
  host: Snapshot['host'];
  servers: Server[];
  files: FileObservation[];
  lineages: Lineage[];
  deployments: Deployment[];
  endpoints: Endpoint[];
  findings: Finding[];
}

export interface HostFacts {
  agentId: string;
  name: string;
  agentVersion: string;
  enrolledAt: number;
  heardAt: number | undefined;
  /** When another machine last presented this host's identity. */
  conflictAt: number | undefined;
  /** When a person took its identity away: nothing is taken from it since. */
  revokedAt: number | undefined;
  snapshot: SnapshotFacts | undefined;
}

/** What of a host has to be at hand as long as it is current: nobody shows its deployments, and of servers only what was not read counts. */
export interface KeptFacts extends Omit<HostFacts, 'snapshot'> {
  snapshot:
    | (Omit<SnapshotFacts, 'servers' | 'deployments'> & { servers: readonly Pick<Server, 'failure'>[] })
    | undefined;
}

/** A host without what its snapshot lists: tells whether that has to be read again. */
export interface HostMark extends Omit<HostFacts, 'snapshot'> {
  /** Of its row: they grow in the order of enrolment. */
  row: number;
  snapshot: Pick<SnapshotFacts, 'digest' | 'observedAt' | 'receivedAt'> | undefined;
}

/** A host with the certificates that its current snapshot names. */
export interface HostRead {
  host: HostFacts;
  certificates: CertificateFacts[];
}

/** The fleet, some hosts at a time. */
export interface HostReads {
  /** In the order of rows, those behind one; 0 is before all. */
  hostMarks: (after: number, limit: number) => Promise<HostMark[]>;
  /** Of these hosts; of one that is not known none. */
  marksOf: (agentIds: readonly string[]) => Promise<HostMark[]>;
  readHosts: (agentIds: readonly string[]) => Promise<HostRead[]>;
  /** Events that ever came. */
  eventsTotal: () => Promise<number>;
}

export interface CertificateFacts {
  certificate: Certificate;
  firstSeenAt: number;
  /** Read here in its DER, or told by the first agent that named it. */
  basis: 'der' | 'told';
  /** Which key it has, as x509/key-digest.ts tells it. Absent where nobody has told the DER, and for keys of kinds that cannot be read here. */
  keyDigest?: string | undefined;
}

export interface EventFacts {
  /** Order of arrival at the collector. */
  id: number;
  agentId: string;
  hostName: string;
  epoch: string;
  receivedAt: number;
  event: Event;
}

/** How many events the facts have. */
export const newestEvents = 100;

/** Everything current, and the newest events. */
export interface Facts {
  hosts: HostFacts[];
  /** Certificates that a current snapshot names. */
  certificates: CertificateFacts[];
  /** Newest first, at most 100. */
  events: EventFacts[];
  eventsTotal: number;
  labels: LabelRule[];
  /** In the order of the list. */
  listed: ListedFacts[];
  /** What is asked from outside, in the order of its text. */
  targets: TargetRow[];
}

/** Gives a label to all hosts, or to all names, that fit its pattern. Each (scope, pattern, key) is there once. */
export interface LabelRule {
  id: number;
  scope: 'host' | 'name';
  /** In lower case; "*" stands for any characters. */
  pattern: string;
  /** Lower-case letters, digits and "_", a letter first: owner, team, environment, platform, contact, runbook, notes, or any other. */
  key: string;
  value: string;
  /** By a command, as a host enrolled with a token that bears it, or by an imported list. */
  source: 'command' | 'enrolment' | 'list';
  /** An account of the collector's machine, or who made the token. */
  setBy: string;
  /** Milliseconds since 1970. */
  setAt: number;
}

export type LabelDraft = Omit<LabelRule, 'id' | 'setAt'>;

/** Another value for a rule, or its end, by somebody who saw it as it was. */
export interface LabelChange {
  id: number;
  /** `labelTag` of the rule as it was seen. */
  seen: string;
  /** undefined: the rule goes. */
  value: string | undefined;
  setBy: string;
}

/** `other`: somebody changed the rule since; nothing was done, and `rule` is as it stands. `gone`: there is no such rule any more. */
export type LabelChanged = { outcome: 'changed' | 'same' | 'other'; rule: LabelRule } | { outcome: 'gone' };

/** What a host is labelled as it enrols with a token, and who said so. */
export interface TokenLabels {
  by: string;
  /** By key. */
  values: Record<string, string>;
}

export type ChangeKind =
  | 'certificate-seen'
  | 'endpoint-issued'
  | 'endpoint-configured'
  | 'endpoint-served'
  | 'finding-opened'
  | 'finding-closed'
  | 'host-revoked'
  | 'host-key-replaced';

/** One row of history, derived from two snapshots. */
export interface Change {
  kind: ChangeKind;
  /** A fingerprint, an endpoint's id, a finding's key, or an agent's id. */
  subject: string;
  /** A fingerprint, a finding as JSON, or a host's name. */
  before: string | undefined;
  after: string | undefined;
}

/** A backup took the place of a newer database: what was kept between the two instants is missing. Milliseconds since 1970. */
export interface Restoration {
  backedUpAt: number;
  restoredAt: number;
}

/** An endpoint's certificate was this one, from then until another took its place. Milliseconds since 1970. */
export interface Stay {
  agentId: string;
  hostName: string;
  state: 'endpoint-issued' | 'endpoint-configured' | 'endpoint-served';
  /** The endpoint's id. */
  endpoint: string;
  from: number;
  /** undefined: it still is. */
  until: number | undefined;
}

/** An endpoint had this certificate for a while. Milliseconds since 1970. */
export interface EndpointStay extends Pick<Stay, 'state' | 'from' | 'until'> {
  fingerprint: string;
}

/** One row of somebody's own list: a name, and what the list says of it. Texts are as written. */
export interface ListedFacts {
  /** In lower case, as in the DNS (RFC 5890); may begin with "*.". */
  name: string;
  /** What the list says of its certificate. */
  expiration: string;
  issuer: string;
  /** By label key; none is empty. */
  labels: Record<string, string>;
}
