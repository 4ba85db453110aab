import { type Clock, every, type ServiceManager } from './ports.ts';

/** What the service manager hears of a collector that serves. Without one every step does nothing. */
export interface Service {
  stopping(): Promise<void>;
}

/**
 * Says that the collector is ready, with its status, and at half of the watchdog's time that its event loop goes on. The
 * status is told again only with that sign of life: each notice starts a program.
 */
export function startService(
  clock: Clock,
  manager: ServiceManager | undefined,
  status: () => string | Promise<string>,
): Service {
  if (!manager) return { stopping: async () => {} };
  /** One after the other: the manager is to hear them in their order. */
  let last = Promise.resolve();
  const notify = (...state: string[]): Promise<void> => {
    last = last.then(() => manager.notify(state));
    return last;
  };
  const tell = (state: string): void => {
    last = last.then(async () => manager.notify([state, ...(await worded(status))]));
  };
  tell('READY=1');
  const { watchdogMs } = manager;
  const cancel = watchdogMs === undefined ? () => {} : every(clock, watchdogMs / 2, () => tell('WATCHDOG=1'));
  return {
    stopping: () => {
      cancel();
      return notify('STOPPING=1', 'STATUS=stopping');
    },
  };
}

/** A collector whose database is away is alive all the same. */
async function worded(status: () => string | Promise<string>): Promise<string[]> {
  try {
    return [`STATUS=${await status()}`];
  } catch {
    return ['STATUS=the database cannot be read'];
  }
}
