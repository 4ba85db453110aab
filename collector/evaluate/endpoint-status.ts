import type { Certificate } from '@certherd/protocol/certificate';
import type { Endpoint } from '@certherd/protocol/snapshot';

export type EndpointVerdict = 'proved' | 'drift' | 'expired' | 'not-yet-valid' | 'unreachable' | 'unknown';

/** Whether the host's facts are still knowledge, and the instant of judging (milliseconds since 1970). */
export interface Moment {
  /** The host is silent, or has not looked for too long. */
  stale: boolean;
  now: number;
}

/**
 * Judges an endpoint from facts and now. A served certificate that is over is known to be so even when
 * its facts are stale; everything else that stale facts say is unknown. Without a lineage there is nothing
 * issued to compare; without a configured or served certificate nothing is proved.
 */
export function endpointStatus(
  endpoint: Endpoint,
  served: Pick<Certificate, 'notBefore' | 'notAfter'> | undefined,
  { stale, now }: Moment,
): EndpointVerdict {
  if (served && isOver(served, now)) return 'expired';
  if (stale) return 'unknown';
  if (endpoint.served === undefined) return endpoint.failure ? 'unreachable' : 'unknown';
  if (served && Date.parse(served.notBefore) > now) return 'not-yet-valid';
  if (endpoint.configured === undefined) return 'unknown';
  const newest = endpoint.issued ?? endpoint.configured;
  return endpoint.configured === newest && endpoint.served === newest ? 'proved' : 'drift';
}

/** Past its notAfter; the last instant itself is still valid (RFC 5280 4.1.2.5). */
export function isOver(certificate: Pick<Certificate, 'notAfter'>, now: number): boolean {
  return Date.parse(certificate.notAfter) < now;
}
