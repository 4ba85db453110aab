/** Time, as a parameter: wall clock for what is written down, timers on the monotonic clock. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
}

/** Fields first, then one plain sentence. Never tokens, keys, or whole frames. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Everything that the collector asks of the machine besides sockets and its own database. */
export interface Ports {
  clock: Clock;
  log: Log;
}

/** Runs `task` every `ms` until the returned function is called. */
export function every(clock: Clock, ms: number, task: () => void): () => void {
  let cancel = clock.after(ms, tick);
  let stopped = false;
  return () => {
    stopped = true;
    cancel();
  };

  function tick(): void {
    task();
    if (!stopped) cancel = clock.after(ms, tick);
  }
}
