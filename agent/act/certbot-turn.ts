import { join } from 'node:path';
import type { Config } from '../config.ts';
import { heldLocks } from '../formats/proc-locks.ts';
import type { Clock, Files, Proc } from '../ports.ts';
import type { Steps } from './steps.ts';

interface TurnPorts {
  clock: Clock;
  files: Files;
  proc: Proc;
  /** Once it is aborted nothing is waited for. */
  ending?: AbortSignal;
}

/** Another certbot that has one of the three directories locked. */
export interface LockHolder {
  directory: string;
  /** Absent where the process cannot be seen from here. */
  pid?: number;
}

const pauseMs = 250;

/**
 * Waits until no other certbot holds a lock on certbot's directories, or until `deadline` on the monotonic clock: certbot's own
 * timer holds them while it sleeps for up to eight minutes before a renewal. Nothing is taken or opened for that. The
 * holder that is still there at the deadline.
 */
export async function awaitTurn(
  { certbot }: Pick<Config, 'certbot'>,
  ports: TurnPorts,
  steps: Steps,
  deadline: number,
): Promise<LockHolder | undefined> {
  const directories = [certbot.configDirectory, certbot.workDirectory, certbot.logsDirectory];
  const look = () => lockHolder(directories, ports);
  const first = look();
  if (!first) return undefined;
  const waited = async () => {
    let holder: LockHolder | undefined = first;
    while (holder && !ports.ending?.aborted && ports.clock.monotonic() < deadline) {
      await pause(ports.clock, pauseMs);
      holder = look();
    }
    return holder;
  };
  return steps.run(
    `wait for another certbot${first.pid === undefined ? '' : ` (pid ${first.pid})`}`,
    waited,
    (holder) => ({
      ok: !holder,
      ...(holder && { detail: heldBy(holder) }),
    }),
  );
}

export function heldBy({ directory, pid }: LockHolder): string {
  return `another certbot${pid === undefined ? '' : ` (pid ${pid})`} has ${directory} locked`;
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** certbot locks .certbot.lock in each directory with fcntl(2), and removes it at its end; one that was killed leaves the file alone. */
function lockHolder(directories: readonly string[], { files, proc }: TurnPorts): LockHolder | undefined {
  const held = heldLocks(proc.read('/proc/locks') ?? '');
  for (const directory of held.length > 0 ? new Set(directories) : []) {
    const path = join(directory, '.certbot.lock');
    const status = files.status?.(path);
    if (!status?.ok) continue;
    const { inode, device } = status.value;
    const same = held.filter((lock) => lock.inode === inode);
    const lock = same.find((one) => one.device === device) ?? same.find(({ pid }) => hasOpen(proc, pid, path));
    if (lock) return { directory, ...(lock.pid > 0 && { pid: lock.pid }) };
  }
  return undefined;
}

/** Where the file system tells another device than the lock table (Btrfs), the same inode number elsewhere is another file. */
function hasOpen(proc: Proc, pid: number, path: string): boolean {
  return (proc.list(`/proc/${pid}/fd`) ?? []).some((fd) => proc.readlink(`/proc/${pid}/fd/${fd}`) === path);
}
