import type { RefusalReason } from '@certherd/protocol/frame';

/** Refusals that only a person can end: asking often would help nobody. */
const lasting: readonly RefusalReason[] = ['revoked', 'not-authenticated', 'version-unsupported', 'identity-in-use'];

/** A hint beyond this would silence the host for as long as a wrong or hostile collector likes. */
const longestHintSeconds = 3600;

/**
 * Milliseconds to wait before the next connection: full jitter under a ceiling that doubles from 1 s to 300 s with
 * each failure in a row; a hint of the collector is the least, spread over as much again, so that a fleet spreads.
 */
export function reconnectDelay(
  failures: number,
  random: number,
  refused?: { reason: RefusalReason; retryAfterSeconds?: number | undefined },
): number {
  const ceiling = Math.min(300, 2 ** Math.min(failures, 9)) * 1000;
  if (refused?.retryAfterSeconds !== undefined)
    return Math.min(refused.retryAfterSeconds, longestHintSeconds) * 1000 * (1 + random);
  if (refused && lasting.includes(refused.reason)) return 150_000 + random * 150_000;
  return random * ceiling;
}
