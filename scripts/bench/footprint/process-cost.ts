import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel has counted of a process so far, over all its threads. */
export interface Spent {
  cpuMs: number;
  /** Voluntary context switches: how often a thread of it was woken up. */
  wakeUps: number;
}

export function spentBy(pid: number): Spent {
  const spent = { cpuMs: 0, wakeUps: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const at = `/proc/${pid}/task/${thread}`;
    // Nanoseconds on a processor come first (proc(5)); /proc/PID/stat counts in hundredths of a second.
    spent.cpuMs += Number(readFileSync(`${at}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    spent.wakeUps += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`${at}/status`, 'utf8'))?.[1]);
  }
  return spent;
}

/** Resident and anonymous memory, MB. Only the latter is a process's own: the rest are pages of files. */
export function memoryOf(pid: number): { rss: number; anonymous: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
  return { rss: megabytes('Rss'), anonymous: megabytes('Anonymous') };
}
