import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint } from '@certherd/protocol/snapshot';
import { isOver } from './endpoint-status.ts';

/**
 * What a host that is silent, or looks no more, can no longer say of itself: its served certificates count down all the same. One finding
 * per endpoint whose certificate ended, unless the host said so before.
 */
export function silentFindings(
  endpoints: readonly Endpoint[],
  told: readonly Finding[],
  certificates: Pick<ReadonlyMap<string, Certificate>, 'get'>,
  now: number,
): Finding[] {
  const toldOf = new Set(told.filter((finding) => finding.code === 'expired').map((finding) => finding.subject.id));
  return endpoints.flatMap((endpoint) => {
    const served = endpoint.served === undefined ? undefined : certificates.get(endpoint.served);
    if (!served || !isOver(served, now) || toldOf.has(endpoint.id)) return [];
    return [
      {
        code: 'expired',
        severity: 'critical',
        subject: { kind: 'endpoint', id: endpoint.id },
        since: served.notAfter,
        cause: `The certificate that this endpoint served when its host last looked ended at ${served.notAfter}.`,
        evidence: { served: served.fingerprint, notAfter: served.notAfter },
        remedy: 'certherd-agent check',
      } satisfies Finding,
    ];
  });
}
