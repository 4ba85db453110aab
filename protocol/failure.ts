import Type, { type Static } from 'typebox';

/** Why something could not be observed: a closed list, so that every exit can word each one. */
export const FailureReason = Type.Enum([
  // files and directories
  'not-found',
  'permission-denied',
  'not-a-regular-file',
  'too-large',
  'io-error',
  // bytes that should have been a certificate, a key or a certbot file
  'empty',
  'no-certificate',
  'too-many-certificates',
  'malformed',
  'password-needed',
  'unsupported',
  'too-slow',
  // links that certbot keeps
  'link-broken',
  'links-disagree',
  // a server's config
  'syntax',
  'include-cycle',
  'too-many-includes',
  'not-running',
  // endpoints
  'connection-refused',
  'connection-reset',
  'unreachable',
  'timed-out',
  'not-tls',
  'starttls-refused',
  'name-rejected',
  'no-shared-algorithm',
  'handshake-failed',
]);
export type FailureReason = Static<typeof FailureReason>;

/** A failure is data: the reason for programs, `detail` (raw, untrusted) for people. */
export const Failure = Type.Object(
  { reason: FailureReason, detail: Type.String({ maxLength: 2000 }) },
  { additionalProperties: false },
);
export type Failure = Static<typeof Failure>;

/** A value, or the failure that stands in its place. */
export type Result<T, F = Failure> = { ok: true; value: T } | { ok: false; failure: F };

export function success<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Detail is cut to what the wire accepts. */
export function failed(reason: FailureReason, detail: string): { ok: false; failure: Failure } {
  return { ok: false, failure: { reason, detail: detail.slice(0, 2000) } };
}
