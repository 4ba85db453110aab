import type { DoctorPorts } from '../doctor-ports.ts';
import type { Installation } from './installation.ts';

/** Limits of the kernel and of the process, and how far they are used; absent where that is not told. */
export interface LimitsFacts {
  /** Of the daemon, where one runs, else of this process. */
  whose: 'daemon' | 'own';
  descriptors?: { used?: number; most: number };
  /** For each user of the host. */
  watches?: { used?: number; most: number };
  instances?: { used?: number; most: number };
  glibc?: string;
  node: string;
}

export function observeLimits(ports: DoctorPorts, { daemon }: Installation, node: string): LimitsFacts {
  const { proc } = ports;
  const pid = daemon?.pid ?? ports.ownPid;
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(proc.read(`/proc/${pid}/limits`) ?? '') ?? [];
  const open = proc.list(`/proc/${pid}/fd`)?.length;
  const number = (path: string) => {
    const text = proc.read(path)?.trim() ?? '';
    return /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [watches, instances] = ['max_user_watches', 'max_user_instances'].map((name) =>
    number(`/proc/sys/fs/inotify/${name}`),
  );
  const used = daemon && inotifyOf(ports, daemon.pid);
  return {
    whose: daemon ? 'daemon' : 'own',
    ...(soft !== undefined &&
      soft !== 'unlimited' && { descriptors: { ...(open !== undefined && { used: open }), most: Number(soft) } }),
    ...(watches !== undefined && { watches: { ...(used && { used: used.watches }), most: watches } }),
    ...(instances !== undefined && { instances: { ...(used && { used: used.instances }), most: instances } }),
    ...(ports.glibc !== undefined && { glibc: ports.glibc }),
    node,
  };
}

/** What this process has of each user's share: one line for each watch in the fdinfo of an inotify descriptor (proc(5)). */
function inotifyOf({ proc }: DoctorPorts, pid: number): { watches: number; instances: number } | undefined {
  const names = proc.list(`/proc/${pid}/fdinfo`);
  if (!names) return undefined;
  const counts = names
    .filter((name) => proc.readlink(`/proc/${pid}/fd/${name}`) === 'anon_inode:inotify')
    .map((name) => (proc.read(`/proc/${pid}/fdinfo/${name}`)?.match(/^inotify wd:/gm) ?? []).length);
  return { watches: counts.reduce((sum, count) => sum + count, 0), instances: counts.length };
}
