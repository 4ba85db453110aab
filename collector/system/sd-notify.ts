import { execFile } from 'node:child_process';
import type { Log, ServiceManager } from '../ports.ts';

const program = '/usr/bin/systemd-notify';
/** It waits until the manager has read the message, which a busy one does late. */
const mostMs = 20_000;

/**
 * The service manager that started this process, where it wants to hear of it (sd_notify(3)). Node has no unix datagram
 * sockets, so systemd's own program speaks: the only one that the collector ever runs. The environment is read once.
 */
export function systemService(environment: NodeJS.ProcessEnv, log: Log): ServiceManager | undefined {
  const [socket, watchdog, pid] = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'].map((name) => {
    const value = environment[name];
    delete environment[name];
    return value;
  });
  if (!socket) return undefined;
  const isWatched = pid === undefined || pid === String(process.pid);
  const watchdogMs = isWatched && /^[1-9]\d*$/.test(watchdog ?? '') ? Number(watchdog) / 1000 : undefined;
  return {
    ...(watchdogMs !== undefined && { watchdogMs }),
    notify: (state) =>
      new Promise((resolve) => {
        execFile(program, [...state], { env: { NOTIFY_SOCKET: socket }, timeout: mostMs }, (error) => {
          if (error) log.warn({ program, detail: error.message.split('\n')[0] }, 'systemd could not be told');
          resolve();
        });
      }),
  };
}
