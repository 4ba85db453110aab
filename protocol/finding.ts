import Type, { type Static } from 'typebox';
import { Instant } from './certificate.ts';

const closed = { additionalProperties: false };

/** Verdict codes; the agent's ordered policies give them. docs/findings.md explains each one. */
export const FindingCode = Type.Enum([
  'config-broken',
  'server-absent',
  'nothing-found',
  'certbot-absent',
  'lineage-broken',
  'settling',
  'file-missing',
  'file-unreadable',
  'key-mismatch',
  'name-mismatch',
  'chain-incomplete',
  'expired',
  'not-yet-valid',
  'overdue',
  'due',
  'not-served',
  'endpoint-unreachable',
  'renewal-failing',
  'renewal-would-fail',
  'deployment-failing',
  'restored',
  'reload-failed',
  'listener-unbound',
  'restart-would-fail',
  'wrong-server',
  'stale-copy',
  'chain-untrusted',
  'weak-key',
  'weak-signature',
  'key-exposed',
  'renewal-timer-dead',
  'unmanaged',
  'sandbox-blocked',
  'snapshot-reduced',
]);
export type FindingCode = Static<typeof FindingCode>;

/** `unknown` means that the agent could not tell, which is never healthy. */
export const Severity = Type.Enum(['critical', 'unknown', 'warning', 'notice']);
export type Severity = Static<typeof Severity>;

/** What a finding or an event is about: `id` is a lineage's name, a file's path, a deployment's or endpoint's id, or the host's name. */
export const Subject = Type.Object(
  {
    kind: Type.Enum(['host', 'server', 'file', 'lineage', 'deployment', 'endpoint']),
    id: Type.String({ maxLength: 9000 }),
  },
  closed,
);
export type Subject = Static<typeof Subject>;

/** A verdict with what was compared (both values in `evidence`), why, and the exact command that mends it. */
export const Finding = Type.Object(
  {
    /** A newer agent may know more codes: they are kept and shown by their own name. */
    code: Type.Unsafe<FindingCode>(Type.String({ pattern: '^[a-z][a-z-]{0,63}$' })),
    severity: Severity,
    subject: Subject,
    /** Since when the facts have been so, told from the facts themselves (a file's change, a notAfter). */
    since: Instant,
    cause: Type.String({ maxLength: 4000 }),
    evidence: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 4000 })),
    /** One command line as a person would type it, or one sentence where no command exists. */
    remedy: Type.String({ maxLength: 8000 }),
  },
  closed,
);
export type Finding = Static<typeof Finding>;
