import { type Clock, every, type ServiceManager } from './ports.ts';

/** What the service manager hears of a collector that serves. Without one every step does nothing. */
export interface Service {
  stopping(): Promise<void>;
}

/**
 * Says that the collector is ready, with its status, and at half of the watchdog's time that its event loop goes on. The
 * status is told again only with that sign of life: each notice starts a program.
 */
export function startService(clock: Clock, manager: ServiceManager | undefined, status: () => string): Service {
  if (!manager) return { stopping: async () => {} };
  /** One after the other: the manager is to hear them in their order. */
  let last = manager.notify(['READY=1', `STATUS=${status()}`]);
  const notify = (...state: string[]): Promise<void> => {
    last = last.then(() => manager.notify(state));
    return last;
  };
  const { watchdogMs } = manager;
  const cancel =
    watchdogMs === undefined
      ? () => {}
      : every(clock, watchdogMs / 2, () => void notify('WATCHDOG=1', `STATUS=${status()}`));
  return {
    stopping: () => {
      cancel();
      return notify('STOPPING=1', 'STATUS=stopping');
    },
  };
}
