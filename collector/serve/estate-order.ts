import { bySeverity } from '../evaluate/host-status.ts';
import type { FindingView } from './estate.ts';

/** The order of hosts. */
export interface HostKey {
  name: string;
  agentId: string;
}

/** The order of certificates: what ends first. */
export interface CertificateKey {
  notAfter: number;
  fingerprint: string;
}

/** The order of findings: the most urgent first, then the oldest. */
export interface FindingKey extends HostKey {
  urgency: Pick<FindingView, 'severity' | 'since'>;
  /** Among those of its host. */
  index: number;
}

export function byHost(one: HostKey, other: HostKey): number {
  return order(one.name, other.name) || order(one.agentId, other.agentId);
}

export function byEnd(one: CertificateKey, other: CertificateKey): number {
  return one.notAfter - other.notAfter || order(one.fingerprint, other.fingerprint);
}

export function byFinding(one: FindingKey, other: FindingKey): number {
  return byUrgency(one.urgency, other.urgency) || byHost(one, other) || one.index - other.index;
}

function byUrgency(one: FindingKey['urgency'], other: FindingKey['urgency']): number {
  return bySeverity(one, other) || order(one.since, other.since);
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
