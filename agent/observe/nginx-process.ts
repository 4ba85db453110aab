import path from 'node:path';
import { readProcessRights } from '../formats/own-process.ts';
import { bootTime, nginxTitle, readStat } from '../formats/proc.ts';
import type { Files, Proc } from '../ports.ts';

export interface Worker {
  pid: number;
  /** Milliseconds since 1970, to about 20 ms. */
  startedAt: number;
  /** The same as the kernel counts it, exactly: milliseconds after boot. */
  startedAfterBoot?: number;
  /** It takes no new connections and ends with its last one. */
  shuttingDown: boolean;
}

/** An nginx on this host. */
export interface Master {
  pid: number;
  startedAt: number;
  /** Its effective user. */
  uid?: number;
  /** Its -c and -p, where it was given them. */
  config?: string;
  prefix?: string;
  /** Oldest first. */
  workers: Worker[];
}

export interface NginxProcesses {
  masters: Master[];
  /** Workers whose master is gone: they serve what it loaded, and hold its sockets. */
  orphans: Worker[];
}

/** Which processes there were, and which of them were nginx's. */
export interface Walk {
  pids: ReadonlySet<number>;
  nginx: readonly number[];
}

/**
 * The nginx processes of this host, those in containers left out: they see other files and another network. Absent where /proc cannot
 * be read or start times cannot be told.
 */
export function observeNginxProcesses(proc: Proc, now: number): NginxProcesses | undefined {
  return walkProcesses(proc, now)?.processes;
}

/**
 * As observeNginxProcesses. After a walk of a moment ago processes that were not nginx's are not asked again: one that became nginx
 * meanwhile has workers only once it has started them, and where there is a new one of nginx's all are asked.
 */
export function walkProcesses(
  proc: Proc,
  now: number,
  before?: Walk,
): { processes: NginxProcesses; walk: Walk } | undefined {
  const booted = bootTime(proc.read('/proc/uptime') ?? '', proc.read('/proc/stat') ?? '', now);
  const all = processIds(proc);
  const known = new Set(before?.nginx);
  const isNew = (pid: number) => before?.pids.has(pid) === false;
  const asked = before ? all.filter((pid) => known.has(pid) || isNew(pid)) : all;
  // every user may read this of a process that is not hidden: without it nothing follows from what is not seen
  const hidden = proc.read('/proc/1/stat') === undefined;
  if (booted === undefined || all.length === 0 || hidden) return undefined;
  const masters = new Map<number, Master>();
  const workers: (Worker & { parent: number })[] = [];
  const nginx: number[] = [];
  const network = proc.readlink('/proc/self/ns/net');
  for (const pid of asked) {
    const title = nginxTitle(proc.read(`/proc/${pid}/cmdline`) ?? '');
    if (title && isNew(pid)) return walkProcesses(proc, now);
    if (title) nginx.push(pid);
    const stat = title && readStat(proc.read(`/proc/${pid}/stat`) ?? '');
    if (!stat || isElsewhere(proc, pid, network)) continue;
    const startedAt = booted + stat.startedAfterBoot;
    if (title.role === 'worker')
      workers.push({
        pid,
        startedAt,
        startedAfterBoot: stat.startedAfterBoot,
        shuttingDown: title.shuttingDown,
        parent: stat.parent,
      });
    else {
      const { config, prefix } = title;
      const uid = readProcessRights(proc.read(`/proc/${pid}/status`) ?? '')?.uid;
      const own = uid === undefined ? {} : { uid };
      masters.set(pid, { pid, startedAt, workers: [], ...own, ...(config && { config }), ...(prefix && { prefix }) });
    }
  }
  const orphans: Worker[] = [];
  for (const { parent, ...worker } of workers.sort((a, b) => a.startedAt - b.startedAt)) {
    (masters.get(parent)?.workers ?? orphans).push(worker);
  }
  return { processes: { masters: [...masters.values()], orphans }, walk: { pids: new Set(all), nginx } };
}

/**
 * Those that may run this config: an nginx that was started with another one shows nothing of it. Files are compared, whatever links lead to them; where it cannot be
 * told which one a master runs, it may be this one.
 */
export function runningConfig(
  processes: NginxProcesses,
  configFile: string,
  files: Pick<Files, 'resolve'>,
): NginxProcesses {
  const own = files.resolve(configFile);
  const masters = processes.masters.filter((master) => {
    const other = configOf(master);
    if (other === undefined || other === configFile) return true;
    const file = files.resolve(other);
    return !own.ok || !file.ok || file.value === own.value;
  });
  return { ...processes, masters };
}

/** A relative one is below the prefix, which is built in where no -p tells it (ngx_conf_full_name, ngx_process_options). */
function configOf({ config, prefix = '' }: Master): string | undefined {
  if (config === undefined) return undefined;
  const file = path.join(path.isAbsolute(config) ? '/' : prefix, config);
  return path.isAbsolute(file) ? file : undefined;
}

/** Every process that can be seen, by number. */
export function processIds(proc: Proc): number[] {
  return (proc.list('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** In another process or network namespace, which is what a container has (proc(5), NSpid). */
export function isElsewhere(proc: Proc, pid: number, network: string | undefined): boolean {
  const [, numbers] = /^NSpid:\s*(.+)$/m.exec(proc.read(`/proc/${pid}/status`) ?? '') ?? [];
  if (numbers !== undefined && numbers.trim().split(/\s+/).length > 1) return true;
  const own = proc.readlink(`/proc/${pid}/ns/net`);
  return own !== undefined && network !== undefined && own !== network;
}
