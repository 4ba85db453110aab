import type { RefusalReason } from '@certherd/protocol/frame';

/** Refusals that only a person can end: asking often would help nobody. */
const lasting: readonly RefusalReason[] = ['revoked', 'not-authenticated', 'version-unsupported', 'identity-in-use'];

/** A hint beyond this would silence the host for as long as a wrong or hostile collector likes. */
const longestHintSeconds = 3600;

/**
 * Seconds. A collector that starts, or to which a whole fleet comes back at once, is asked again within so long (decision 108): it holds those
 * it has no room for at the cost of nothing, and a longer wait would be over long after the room was there.
 */
export const heldCeiling = 8;
/** After so many failures in a row, some minutes, it is neither of them, and the ceiling grows to five minutes. */
export const heldFailures = 32;

/**
 * Milliseconds to wait before the next connection: full jitter under a ceiling that doubles with each failure in a row from 1 s to 8, is held there for
 * 32 failures, and then doubles up to 300 s; a hint of the collector is the least, spread over as much again, so that a fleet spreads.
 */
export function reconnectDelay(
  failures: number,
  random: number,
  refused?: { reason: RefusalReason; retryAfterSeconds?: number | undefined },
): number {
  if (refused?.retryAfterSeconds !== undefined)
    return Math.min(refused.retryAfterSeconds, longestHintSeconds) * 1000 * (1 + random);
  if (refused && lasting.includes(refused.reason)) return 150_000 + random * 150_000;
  return random * ceilingSeconds(failures) * 1000;
}

function ceilingSeconds(failures: number): number {
  if (failures <= heldFailures) return Math.min(heldCeiling, 2 ** failures);
  return Math.min(300, heldCeiling * 2 ** Math.min(failures - heldFailures, 9));
}

/** Does the log tell of this failure in a row? While tries follow one another within seconds of the first, the second, the fourth, the eighth; later of each. */
export function isLogged(failures: number): boolean {
  return failures > heldFailures || (failures & (failures - 1)) === 0;
}
