/** What an agent that does not tell its interval is taken to keep: its own default. */
const usualLookSeconds = 300;
/** A look may be late by a renewal or a slow probe, never by three intervals. */
const missedLooks = 3;
const graceMs = 60_000;

/**
 * Are facts this old no longer knowledge? An agent may go on to say that it is there while it looks no more: green
 * ends three of its own look intervals and a minute after its last look.
 */
export function isOutOfDate(lookAgeMs: number, lookSeconds = usualLookSeconds): boolean {
  return lookAgeMs > becomesOutOfDate(lookSeconds);
}

/** The age in milliseconds up to which facts are knowledge. */
export function becomesOutOfDate(lookSeconds = usualLookSeconds): number {
  return missedLooks * lookSeconds * 1000 + graceMs;
}
