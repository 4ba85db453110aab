import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding, Severity } from '@certherd/protocol/finding';

/** One thing that a person should hear of, as of an instant: a finding, or what the collector alone can tell. */
export interface Concern {
  /** Stays the same while it is the same thing: agent, code and subject; of what is seen from outside no agent. */
  key: string;
  code: string;
  severity: Exclude<Severity, 'notice'>;
  agentId: string;
  hostName: string;
  subject: Finding['subject'];
  /** When it became so, as far as the facts tell: an instant (RFC 3339). */
  since: string;
  cause: string;
  remedy: string;
  /** What has the same one is mended by the same thing. */
  causeId: string;
  /** Server names that are concerned, at most 20. */
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Labels that not all of what is concerned has, or has alike: each value. A key is here or among `labels`. */
  partly?: Readonly<Record<string, readonly string[]>>;
  /** The life of what is served there and ends first. */
  life?: Life;
}

export type Life = Pick<Certificate, 'notBefore' | 'notAfter'>;
