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

/** The service manager that started this process and wants to hear of it. */
export interface ServiceManager {
  /** Without a sign of life for this long, in milliseconds, it ends this process; absent: it does not watch. */
  watchdogMs?: number;
  /** Assignments as sd_notify(3) has them: "READY=1". Resolves once they are told, or cannot be; each call starts a program. */
  notify(state: readonly string[]): Promise<void>;
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

/** What this process takes of the machine. */
export interface OwnUse {
  /** Of all threads, since its start. */
  cpuSeconds: number;
  residentBytes: number;
}
