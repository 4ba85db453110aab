import Type, { type Static } from 'typebox';
import { OutcomeReason, type Request } from './action.ts';

/** One action that was tried, kept across restarts. */
export const Attempt = Type.Object({
  verb: Type.Enum(['renew', 'reload']),
  /** The lineage's name; for a reload the digest of what was to be deployed, so that a new state starts afresh. */
  subject: Type.String(),
  /** When it ended, milliseconds since 1970. */
  at: Type.Number(),
  reason: OutcomeReason,
  detail: Type.String(),
});
export type Attempt = Static<typeof Attempt>;

const minute = 60_000;
const day = 24 * 60 * minute;
const waits = [minute, 10 * minute, 100 * minute];

/** Attempts at one lineage within seven days: Let's Encrypt issues 5 certificates per exact set of names in that time. */
const renewalsPerWeek = 5;

/**
 * The earliest time for the next try: after a failure 1, 10 and 100 minutes, then a day; when the week's cap is
 * reached, seven days after the oldest try that counts. A reload that went well and yet has to be done again for the
 * same state did not hold, so it counts as a failure. 0 when nothing holds the try back.
 */
export function nextTryAt(attempts: Attempt[], verb: Request['verb'], subject: string): number {
  const own = attempts.filter((attempt) => attempt.verb === verb && attempt.subject === subject);
  const last = own.at(-1);
  if (!last) return 0;
  if (last.reason === 'busy') return last.at + minute / 4;
  const failures =
    verb === 'reload' ? own.length : own.length - 1 - own.findLastIndex((attempt) => attempt.reason === 'done');
  const afterLast = last.at + (failures > 0 ? (waits[failures - 1] ?? day) : minute);
  const counted = own.filter((attempt) => reachedAuthority(attempt.reason)).at(-renewalsPerWeek);
  return verb === 'renew' && counted ? Math.max(afterLast, counted.at + 7 * day) : afterLast;
}

/** Attempts that still say something: a week of them, and those of the last failures. */
export function attemptsToKeep(attempts: Attempt[], now: number): Attempt[] {
  return attempts.filter((attempt) => now - attempt.at < 8 * day).slice(-1000);
}

function reachedAuthority(reason: OutcomeReason): boolean {
  return !['not-allowed', 'not-found', 'busy', 'program-absent'].includes(reason);
}
