import type { Certificate } from '@certherd/protocol/certificate';
import type { Renewal } from '@certherd/protocol/snapshot';
import { instantInWindow } from '../formats/renewal-information.ts';
import type { SuggestedRenewal } from '../observe/suggested-renewals.ts';

const tenDaysMs = 10 * 86_400_000;

/**
 * When a certificate is to be renewed: in the window that its CA suggests (RFC 9773), but never later than its lifetime asks for, so
 * that no CA makes it lapse; a window that is over when it is told means that instant. Without one the lifetime decides. `suggestions` are
 * by fingerprint.
 */
export function renewalOf(certificate: Certificate, suggestions?: ReadonlyMap<string, SuggestedRenewal>): Renewal {
  const lifetime = renewalByLifetime(certificate);
  const latest = Date.parse(lifetime.windowEnd);
  const suggested = suggestions?.get(certificate.fingerprint);
  if (!suggested || suggested.start >= latest) return lifetime;
  const { start, from, explanation } = suggested;
  const end = Math.min(suggested.end, latest);
  const at = Math.min(latest, Math.max(from, instantInWindow({ start, end }, certificate.fingerprint)));
  return {
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(end).toISOString(),
    at: new Date(at).toISOString(),
    basis: 'renewal-information',
    ...(explanation !== undefined && { explanation }),
  };
}

/**
 * When a certificate is to be renewed without its CA's word, scaled to its lifetime and never a fixed number of days: from a third
 * of its life left (half, where the life is under ten days), over the next thirtieth of it. The instant
 * inside the window comes from the fingerprint, so it is the same at every look and differs between hosts.
 */
function renewalByLifetime(certificate: Certificate): Renewal {
  const notBefore = Date.parse(certificate.notBefore);
  const life = lifetimeMs(certificate);
  const start = notBefore + life * (life < tenDaysMs ? 1 / 2 : 2 / 3);
  const end = start + life / 30;
  const at = instantInWindow({ start, end }, certificate.fingerprint);
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
