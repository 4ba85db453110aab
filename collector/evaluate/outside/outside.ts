import type { Finding } from '@certherd/protocol/finding';
import type { TargetRow } from '../../store/targets.ts';
import type { OutsideFindingCode } from '../explanations.ts';

/** What a host has proved of a name: issued, configured and served are one certificate there. */
export interface HostProof {
  agentId: string;
  hostName: string;
  /** The endpoint's id. */
  id: string;
  /** As the server has it: a name, or a wildcard. */
  serverName: string;
  algorithm: string;
  served: string;
  issuer: string;
  notBefore: string;
  notAfter: string;
  /** When a look of the host first saw it served. */
  servedSince: string | undefined;
}

/** A finding about what is seen from outside, at the host that it concerns; '' and the target where no host is known to serve it. */
export interface OutsideFinding {
  agentId: string;
  hostName: string;
  finding: Omit<Finding, 'code'> & { code: OutsideFindingCode };
  /** The address was silent last, or the address has not been asked for three intervals: this was so before. */
  stale: boolean;
}

/** One target with what is needed to judge it. */
export interface Outside extends Pick<TargetRow, 'held' | 'seen' | 'askedAt' | 'everyMs'> {
  host: string;
  port: number;
}

/** Urgent at a third of its life, as a renewal would be. */
export function severityOf(notBefore: string, notAfter: string, now: number): 'critical' | 'warning' {
  const end = Date.parse(notAfter);
  return (end - now) / (end - Date.parse(notBefore)) <= 1 / 3 ? 'critical' : 'warning';
}

export function clipped(text: string): string {
  return text.slice(0, 4000);
}

/** Texts, and instants as texts, in their order. */
export function order(one = '', other = ''): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
