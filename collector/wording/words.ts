import type { EventKind } from '@certherd/protocol/event';
import type { FailureReason } from '@certherd/protocol/failure';
import type { Severity } from '@certherd/protocol/finding';
import type { Mode, Reached } from '@certherd/protocol/snapshot';
import type { EndpointStatus, HostStatus } from '../serve/estate.ts';

/** How a status looks: its colour and its shape. Only `good` is green, and only what is proved is good. */
export type Tone = 'good' | 'warning' | 'critical' | 'unknown' | 'notice';

/** Every status, worst first. */
export const hostStatuses: readonly HostStatus[] = ['critical', 'unknown', 'warning', 'healthy'];
export const endpointStatuses: readonly EndpointStatus[] = [
  'expired',
  'not-yet-valid',
  'drift',
  'unreachable',
  'unknown',
  'proved',
];

export const hostTone: Readonly<Record<HostStatus, Tone>> = {
  healthy: 'good',
  warning: 'warning',
  critical: 'critical',
  unknown: 'unknown',
};

export const endpointTone: Readonly<Record<EndpointStatus, Tone>> = {
  proved: 'good',
  drift: 'critical',
  expired: 'critical',
  'not-yet-valid': 'critical',
  unreachable: 'warning',
  unknown: 'unknown',
};

export const severityTone: Readonly<Record<Severity, Tone>> = {
  critical: 'critical',
  unknown: 'unknown',
  warning: 'warning',
  notice: 'notice',
};

export const modeWords: Readonly<Record<Mode, string>> = {
  observe: 'observes only',
  deploy: 'may reload',
  renew: 'may renew',
};

const kindWords: Readonly<Record<EventKind, string>> = {
  'agent-started': 'agent started',
  'certificate-issued': 'certificate issued',
  'finding-opened': 'finding opened',
  'finding-closed': 'finding ended',
  renewal: 'renewal',
  deployment: 'deployment',
  restoration: 'restoration',
  rehearsal: 'rehearsal',
  request: 'request',
  gap: 'events lost',
};

/** A kind in words; one that only a newer agent knows by its own name. */
export function kindName(kind: EventKind): string {
  return Object.hasOwn(kindWords, kind) ? kindWords[kind] : kind;
}

/** An action is good or bad; a finding's opening and a loss are neither done nor failed. */
export function eventTone({ kind, ok }: { kind: EventKind; ok: boolean }): Tone {
  if (kind === 'gap') return 'unknown';
  if (kind === 'finding-opened') return ok ? 'notice' : 'warning';
  if (!ok) return 'critical';
  return kind === 'agent-started' ? 'notice' : 'good';
}

/** The six states, as they stand in a row. */
export const stepWords: Readonly<Record<Exclude<Reached, 'unknown'>, string>> = {
  issued: 'issued',
  'on-disk': 'on disk',
  configured: 'in the config',
  loaded: 'loaded',
  served: 'served at the host',
  'served-everywhere': 'served everywhere',
};

/** How far the newest certificate got, as the end of "the newest is …". */
export const reachedWords: Readonly<Record<Reached, string>> = {
  issued: 'issued, not yet on disk',
  'on-disk': 'on disk, not in the config',
  configured: 'configured, not loaded',
  loaded: 'loaded, not served',
  served: 'served at the host',
  'served-everywhere': 'served everywhere',
  unknown: 'not traced',
};

export const failureWords: Readonly<Record<FailureReason, string>> = {
  'not-found': 'not found',
  'permission-denied': 'permission denied',
  'not-a-regular-file': 'not a regular file',
  'too-large': 'too large',
  'io-error': 'input or output error',
  empty: 'empty',
  'no-certificate': 'no certificate in it',
  'too-many-certificates': 'too many certificates in it',
  malformed: 'malformed',
  'password-needed': 'needs a password',
  unsupported: 'not supported',
  'too-slow': 'took too long to read',
  'link-broken': 'link leads nowhere',
  'links-disagree': 'links disagree',
  syntax: 'syntax error',
  'include-cycle': 'includes itself',
  'too-many-includes': 'too many includes',
  'not-running': 'not running',
  'connection-refused': 'connection refused',
  'connection-reset': 'connection reset',
  unreachable: 'unreachable',
  'timed-out': 'timed out',
  'not-tls': 'does not speak TLS',
  'starttls-refused': 'refuses STARTTLS',
  'name-rejected': 'name rejected',
  'no-shared-algorithm': 'no shared algorithm',
  'handshake-failed': 'handshake failed',
};

/** "1 host", "3 hosts"; an irregular plural is given. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

/** A sum of money in whole dollars: "$47,000". */
export function money(amount: number): string {
  return `$${Math.round(amount).toLocaleString('en-US')}`;
}
