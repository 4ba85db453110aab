import type { Certificate } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { OutcomeReason, type Request, Verb } from './action.ts';
import { lifetimeMs } from './renewal-time.ts';

/** One action that was tried, kept across restarts. */
export const Attempt = Type.Object({
  verb: Verb,
  /** The lineage's name; for a reload the digest of what was to be deployed, so that a new state starts afresh. */
  subject: Type.String(),
  /** When it ended, milliseconds since 1970; while it runs, when it began. */
  at: Type.Number(),
  reason: OutcomeReason,
  detail: Type.String(),
  /** Not before this instant again, as the CA asked for; milliseconds since 1970. */
  retryAt: Type.Optional(Type.Number()),
});
export type Attempt = Static<typeof Attempt>;

const minute = 60_000;
const day = 24 * 60 * minute;
const waits = [minute, 10 * minute, 100 * minute];

/** Let's Encrypt issues 5 certificates per exact set of names in seven days. */
const renewalsPerWeek = 5;

/**
 * The earliest time for the next try: after a failure 1, 10 and 100 minutes, then a day, and never more than a
 * twenty-fourth of the certificate's life (`lifeMs`). When the week's cap of certificates is reached, seven days after
 * the oldest that counts, but never more than a life, which would be a lapse of its own. A reload that went well and yet
 * has to be done again for the same state did not hold, so it counts as a failure. 0 when nothing holds the try back.
 */
export function nextTryAt(attempts: Attempt[], verb: Request['verb'], subject: string, lifeMs = Infinity): number {
  const own = attempts.filter((attempt) => attempt.verb === verb && attempt.subject === subject);
  const last = own.at(-1);
  if (!last) return 0;
  if (last.reason === 'busy') return last.at + minute / 4;
  const failures =
    verb === 'reload' ? own.length : own.length - 1 - own.findLastIndex((attempt) => attempt.reason === 'done');
  const wait = failures > 0 ? (waits[failures - 1] ?? day) : minute;
  const afterLast = last.at + Math.min(wait, lifeMs / 24);
  const counted = own.filter((attempt) => mayHaveIssued(attempt.reason)).at(-renewalsPerWeek);
  return verb === 'renew' && counted ? Math.max(afterLast, counted.at + Math.min(7 * day, lifeMs)) : afterLast;
}

/**
 * The earliest time for the next renewal of a lineage, as nextTryAt, and not before the instant that the CA asked for. That one is
 * kept to for seven days at most, and not past the last twenty-fourth of the life: a CA that asks for more, or a date that was
 * misread, must not let the certificate lapse without another try. 0 when nothing holds it back.
 */
export function nextRenewalAt(
  attempts: Attempt[],
  lineage: string,
  certificate: Pick<Certificate, 'notBefore' | 'notAfter'> | undefined,
): number {
  const life = certificate ? lifetimeMs(certificate) : Infinity;
  const next = nextTryAt(attempts, 'renew', lineage, life);
  const lastChance = certificate ? Date.parse(certificate.notAfter) - life / 24 : Infinity;
  const own = attempts.filter(({ verb, subject }) => verb === 'renew' && subject === lineage);
  const asked = own
    .slice(own.findLastIndex(({ reason }) => reason === 'done') + 1)
    .map(({ at, retryAt = 0 }) => Math.min(retryAt, at + 7 * day, lastChance));
  return Math.max(next, ...asked);
}

/** The attempts with one more. A try that met a lock did nothing: it gives way to the next. */
export function withAttempt(attempts: Attempt[], attempt: Attempt): Attempt[] {
  return [...attempts.filter((earlier) => earlier.reason !== 'busy' || !isSameTry(earlier, attempt)), attempt];
}

/**
 * Attempts that still say something: of the last week, the latest six for each subject. One from a later time than now
 * was written by a wrong clock, and would hold the next try back for as long as the clock was wrong: it counts as now.
 */
export function attemptsToKeep(attempts: Attempt[], now: number): Attempt[] {
  const kept = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    // that a state left clients without a handshake is to be known for as long as it may come back
    if (now - attempt.at >= (attempt.reason === 'restored' ? 400 : 8) * day) continue;
    const key = `${attempt.verb} ${attempt.subject}`;
    const settled = attempt.at > now ? { ...attempt, at: now } : attempt;
    kept.set(key, [...(kept.get(key) ?? []), settled].slice(-renewalsPerWeek - 1));
  }
  return [...kept.values()].flat();
}

function isSameTry(a: Attempt, b: Attempt): boolean {
  return a.verb === b.verb && a.subject === b.subject;
}

const withoutCertificate: readonly OutcomeReason[] = [
  'not-allowed',
  'not-found',
  'busy',
  'capped',
  'program-absent',
  'config-broken',
  'plugin-missing',
  'dns',
  'unauthorized',
  'caa',
  'connection',
  'rejected-identifier',
  'ca-failed',
  'certbot-failed',
  'rate-limited',
];

/** Where the CA turned the order down, or was never asked, no certificate counts against its limit. */
export function mayHaveIssued(reason: OutcomeReason): boolean {
  return !withoutCertificate.includes(reason);
}
