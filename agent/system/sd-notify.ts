import { execFile } from 'node:child_process';
import type { Log, ServiceManager } from '../ports.ts';

const program = '/usr/bin/systemd-notify';
/** It waits until the manager has read the message, which a busy one does late. */
const mostMs = 20_000;

/**
 * The service manager that started this process, where it wants to hear of it (sd_notify(3)). Node has no unix datagram
 * sockets, so systemd's own program speaks. The environment is read once and its share of this taken out: what this process
 * starts must not speak in its name.
 */
export function systemService(environment: NodeJS.ProcessEnv, log: Log): ServiceManager | undefined {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  if (!NOTIFY_SOCKET) return undefined;
  const isWatched = WATCHDOG_PID === undefined || WATCHDOG_PID === String(process.pid);
  const watchdogMs = isWatched && /^[1-9]\d*$/.test(WATCHDOG_USEC ?? '') ? Number(WATCHDOG_USEC) / 1000 : undefined;
  return {
    ...(watchdogMs !== undefined && { watchdogMs }),
    notify: (state) =>
      new Promise((resolve) => {
        execFile(program, [...state], { env: { NOTIFY_SOCKET }, timeout: mostMs }, (error) => {
          if (error) log.warn({ program, error: error.message.split('\n')[0] }, 'systemd could not be told');
          resolve();
        });
      }),
  };
}
