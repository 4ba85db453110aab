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
  return Math.max(afterWait(own, lifeMs), verb === 'renew' ? afterCap(own, lifeMs) : 0);
}

/**
 * The earliest time for the next renewal of a lineage, as nextTryAt, and not before the instant that the CA asked for. That one is
 * kept to for seven days at most, and not past the last twenty-fourth of the life: a CA that asks for more, or a date that was
 * misread, must not let the certificate lapse without another try. From there on, and for as long after the end, the waits begin
 * anew and are 100 minutes at most. 0 when nothing holds it back.
 */
export function nextRenewalAt(
  attempts: Attempt[],
  lineage: string,
  certificate: Pick<Certificate, 'notBefore' | 'notAfter'> | undefined,
): number {
  const own = attempts.filter(({ verb, subject }) => verb === 'renew' && subject === lineage);
  const life = certificate ? lifetimeMs(certificate) : Infinity;
  const end = certificate ? Date.parse(certificate.notAfter) : Infinity;
  const lastChance = certificate ? end - life / 24 : Infinity;
  const late = own.filter(({ at }) => at >= lastChance);
  const isOver = late.some(({ at }) => at >= end + life / 24);
  const hurried = late.length === 0 ? lastChance : afterWait(late, life, waits.at(-1));
  const waited = isOver ? afterWait(own, life) : Math.min(afterWait(own, life), hurried);
  const asked = own
    .slice(own.findLastIndex(({ reason }) => reason === 'done') + 1)
    .map(({ at, retryAt = 0 }) => Math.min(retryAt, at + 7 * day, lastChance));
  return Math.max(waited, afterCap(own, life), ...asked);
}

/** After the last of these, and by how many of them failed in a row; `longest` is waited after any more. */
function afterWait(own: readonly Attempt[], lifeMs: number, longest = day): number {
  const last = own.at(-1);
  if (!last) return 0;
  if (last.reason === 'busy') return last.at + minute / 4;
  const failures =
    last.verb === 'reload' ? own.length : own.length - 1 - own.findLastIndex((attempt) => attempt.reason === 'done');
  const wait = failures > 0 ? (waits[failures - 1] ?? longest) : minute;
  return last.at + Math.min(wait, lifeMs / 24);
}

/** When fewer than five certificates count against the week's cap. */
function afterCap(own: readonly Attempt[], lifeMs: number): number {
  const window = Math.min(7 * day, lifeMs);
  return (
    own.map(({ at, reason }) => countsUntil({ at, reason }, window, lifeMs)).toSorted((a, b) => b - a)[
      renewalsPerWeek - 1
    ] ?? 0
  );
}

/**
 * Until when a try counts as a certificate against the CA's limit, where that looks back over `windowMs`; 0 where the CA turned the order
 * down, or was never asked. One that was ended at its deadline left no certificate on this host: it counts for a day, a
 * twenty-fourth of the life at most, since the CA may have issued what nobody got. Counted in full, a CA that hangs for
 * hours would be a lapse of a short life.
 */
export function countsUntil({ at, reason }: Pick<Attempt, 'at' | 'reason'>, windowMs: number, lifeMs: number): number {
  if (withoutCertificate.includes(reason)) return 0;
  return at + (reason === 'timed-out' ? Math.min(day, lifeMs / 24) : windowMs);
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
