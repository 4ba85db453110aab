import type { Finding } from '@certherd/protocol/finding';

export type HostVerdict = 'healthy' | 'warning' | 'critical' | 'unknown';

/** What a host's status depends on. Instants are milliseconds since 1970. */
export interface HostEvidence {
  silent: boolean;
  heardAt: number | undefined;
  hasSnapshot: boolean;
  /** When the agent last looked, if that is too long ago: it is heard, but its facts are stale. */
  blindSince?: number | undefined;
  findings: readonly Pick<Finding, 'severity' | 'cause'>[];
  /** Endpoints whose served certificate is over, judged from facts and now. */
  expiredEndpoints: readonly string[];
  /** When another machine last presented this host's identity. */
  conflictAt: number | undefined;
  /** When a person took its identity away. */
  revokedAt?: number | undefined;
  now: number;
}

/** A refused clone tries again at least every 300 s: after an hour without one it is gone. */
export const conflictMs = 3_600_000;

/** The status, and why in one plain sentence. Silence never hides an expired certificate, and is never healthy. */
export function hostStatus(evidence: HostEvidence): { status: HostVerdict; reason: string } {
  const { silent, heardAt, findings, expiredEndpoints, conflictAt, now } = evidence;
  if (evidence.revokedAt !== undefined)
    return {
      status: 'unknown',
      reason: `Revoked ${new Date(evidence.revokedAt).toISOString()}: nothing it says is taken.`,
    };
  const [firstExpired] = expiredEndpoints;
  if (firstExpired !== undefined) {
    const others = expiredEndpoints.length > 1 ? ` and ${expiredEndpoints.length - 1} more` : '';
    return { status: 'critical', reason: `An expired certificate is served at ${firstExpired}${others}.` };
  }
  if (heardAt === undefined) return { status: 'unknown', reason: 'Enrolled, and never heard since.' };
  if (silent) return { status: 'unknown', reason: `Silent: last heard ${new Date(heardAt).toISOString()}.` };
  if (!evidence.hasSnapshot) return { status: 'unknown', reason: 'Connected, but nothing told yet.' };
  if (evidence.blindSince !== undefined)
    return {
      status: 'unknown',
      reason: `Heard, but it has not looked since ${new Date(evidence.blindSince).toISOString()}.`,
    };
  const worst = worstOf(findings);
  if (worst?.severity === 'critical') return { status: 'critical', reason: worst.cause };
  if (conflictAt !== undefined && now - conflictAt < conflictMs)
    return { status: 'warning', reason: 'Another machine presents this identity: was its state copied?' };
  if (worst?.severity === 'unknown') return { status: 'unknown', reason: worst.cause };
  if (worst?.severity === 'warning') return { status: 'warning', reason: worst.cause };
  return { status: 'healthy', reason: 'Nothing needs a person.' };
}

/** Most urgent first; equal ones in the order given. */
export function bySeverity(a: Pick<Finding, 'severity'>, b: Pick<Finding, 'severity'>): number {
  return rank[a.severity] - rank[b.severity];
}

const rank: Readonly<Record<Finding['severity'], number>> = { critical: 0, unknown: 1, warning: 2, notice: 3 };

function worstOf<F extends Pick<Finding, 'severity'>>(findings: readonly F[]): F | undefined {
  return findings.toSorted(bySeverity)[0];
}
