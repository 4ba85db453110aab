import type { Certificate } from '@certherd/protocol/certificate';
import type { Renewal } from '@certherd/protocol/snapshot';

const tenDaysMs = 10 * 86_400_000;

/**
 * When a certificate is to be renewed, scaled to its lifetime and never a fixed number of days: from a third
 * of its life left (half, where the life is under ten days), over the next thirtieth of it. The instant
 * inside the window comes from the fingerprint, so it is the same at every look and differs between hosts.
 */
export function renewalOf(certificate: Certificate): Renewal {
  const notBefore = Date.parse(certificate.notBefore);
  const life = lifetimeMs(certificate);
  const start = notBefore + life * (life < tenDaysMs ? 1 / 2 : 2 / 3);
  const end = start + life / 30;
  const share = Number.parseInt(certificate.fingerprint.slice(0, 8), 16) / 0x1_0000_0000;
  const at = start + (end - start) * share;
  return {
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(end).toISOString(),
    at: new Date(at).toISOString(),
    basis: 'lifetime',
  };
}

/** Milliseconds from notBefore to notAfter; at least 1, so that shares of it are numbers. */
export function lifetimeMs(certificate: { notBefore: string; notAfter: string }): number {
  return Math.max(1, Date.parse(certificate.notAfter) - Date.parse(certificate.notBefore));
}

/** Share of life left, from 1 before notBefore to 0 at notAfter and after. */
export function lifeLeft(certificate: { notBefore: string; notAfter: string }, now: number): number {
  return Math.min(1, Math.max(0, (Date.parse(certificate.notAfter) - now) / lifetimeMs(certificate)));
}
