import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  /** Milliseconds until it gives up; 60 s unless told: a busy machine is no failure. */
  deadlineMs?: number;
  /** Milliseconds between two looks, at the least; 20 unless told. */
  everyMs?: number;
  /** A reason to give up at once, asked before each look. */
  hopeless?: () => string | undefined;
}

/**
 * Looks again and again until `look` gives something other than undefined or false, and returns that.
 * A look that throws counts as "not yet". Throws at the deadline, or once it is hopeless, naming what was awaited and the last error.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patience: Patience = {},
): Promise<T> {
  const deadlineMs = patience.deadlineMs ?? 60_000;
  const started = performance.now();
  let lastError = '';
  do {
    const reason = patience.hopeless?.();
    if (reason !== undefined) throw new Error(`${what}: ${reason}`);
    const asked = performance.now();
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      lastError = '';
    } catch (error) {
      lastError = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    // A look that starts a program would else hold up what it waits for.
    await pause(Math.max(patience.everyMs ?? 20, Math.min(performance.now() - asked, 1000)));
  } while (performance.now() - started < deadlineMs);
  throw new Error(`${what}: not within ${deadlineMs / 1000} s${lastError}`);
}
