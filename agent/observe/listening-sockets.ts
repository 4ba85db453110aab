import type { Listener } from '@certherd/protocol/snapshot';
import {
  addressKey,
  isPastListening,
  type ListeningSocket,
  listeningSockets,
  nginxTitle,
  readStat,
} from '../formats/proc.ts';
import type { Proc } from '../ports.ts';
import { processIds } from './nginx-process.ts';

/** A process that has a listening socket open, and no ancestor that has it too. */
export interface Holder {
  pid: number;
  /** The program's name as the kernel knows it. */
  name: string;
  role: 'nginx-master' | 'nginx-worker' | 'other';
  /** Its systemd service, as "haproxy.service". */
  unit?: string;
}

/** Who accepts connections at one configured address and port. */
export interface Bound {
  address: string;
  port: number;
  /** Is there a socket that accepts connections here? The kernel shows that to every user. */
  bound: boolean;
  /**
   * Who has it open; where there is none, who keeps a socket for all addresses from being bound by holding the port at one of them.
   * Absent where there is nobody, or it cannot be told (processes of another user).
   */
  holders?: Holder[];
}

/** Who held sockets when they were looked for last, and what must be as it was then. */
export interface KnownHolders {
  key?: string;
  holders?: ReadonlyMap<string, Holder[]>;
}

/** nginx's processes, where they were just seen: their sockets are looked through first. */
export interface SeenNginx {
  pids: readonly number[];
  /** Which processes these are, and in what state: a socket that they hold is held for as long as these run. */
  key: string;
  known?: KnownHolders | undefined;
}

/**
 * Who listens at these addresses and ports; unix sockets are left out. The socket bound to the address itself comes before one that
 * is bound to all addresses, as the kernel does it. Absent where /proc/net cannot be read.
 */
export function observeListening(
  proc: Proc,
  listeners: Pick<Listener, 'address' | 'port'>[],
  nginx?: SeenNginx,
): Bound[] | undefined {
  const sockets = allListening(proc, listeners);
  if (sockets === undefined) return undefined;
  const wanted = listeners.flatMap(({ address, port }) => {
    const key = port === 0 ? undefined : addressKey(address);
    if (key === undefined) return [];
    const found = answering(sockets, key, port);
    return [
      { address, port, bound: found.length > 0, sockets: found.length > 0 ? found : blocking(sockets, key, port) },
    ];
  });
  const inodes = new Set(wanted.flatMap((one) => one.sockets.map(({ inode }) => inode)));
  const holders = knownHolders(proc, inodes, nginx);
  return wanted.map(({ address, port, bound, sockets: own }) => {
    const known = own.every(({ inode }) => holders.has(inode));
    const all = new Map(own.flatMap(({ inode }) => holders.get(inode) ?? []).map((holder) => [holder.pid, holder]));
    return { address, port, bound, ...(known && own.length > 0 && { holders: [...all.values()] }) };
  });
}

/** The sockets that accept connections at the ports of these listeners, at whatever address, as words; undefined: /proc/net cannot be read. */
export function socketsAt(proc: Proc, listeners: Pick<Listener, 'address' | 'port'>[]): string[] | undefined {
  const ports = new Set(listeners.map(({ port }) => port));
  const own = allListening(proc, listeners)?.filter(({ port }) => ports.has(port));
  return own?.map(({ key, port, inode }) => `${key}:${port} ${inode}`).sort();
}

function allListening(proc: Proc, listeners: Pick<Listener, 'address'>[]): ListeningSocket[] | undefined {
  // of a busy server the rest of the table is thousands of connections
  const listening = (path: string) => (proc.readUntil ? proc.readUntil(path, isPastListening) : proc.read(path));
  const table = listening('/proc/net/tcp');
  if (table === undefined) return undefined;
  // a table without connections is walked to its end by the kernel, which takes milliseconds: each is read where it is asked about
  const isAsked = listeners.some(({ address }) => address.includes(':') && !address.startsWith('unix:'));
  return [...listeningSockets(table), ...listeningSockets((isAsked && listening('/proc/net/tcp6')) || '')];
}

function answering(sockets: ListeningSocket[], key: string, port: number): ListeningSocket[] {
  const here = sockets.filter((socket) => socket.port === port);
  const exact = here.filter((socket) => socket.key === key);
  return exact.length > 0 ? exact : here.filter((socket) => socket.key === '0'.repeat(key.length));
}

/** Linux refuses a socket for all addresses while the port is taken at any one of them. */
function blocking(sockets: ListeningSocket[], key: string, port: number): ListeningSocket[] {
  const everywhere = key === '0'.repeat(key.length);
  return everywhere ? sockets.filter((one) => one.port === port && one.key.length === key.length) : [];
}

/** As they were while the same sockets listen, all of them held by processes that still run. */
function knownHolders(proc: Proc, inodes: Set<string>, nginx?: SeenNginx): ReadonlyMap<string, Holder[]> {
  const key = JSON.stringify([nginx?.key, ...[...inodes].sort()]);
  const { known } = nginx ?? {};
  if (known?.holders && known.key === key) return known.holders;
  const holders = holdersOf(proc, inodes, nginx?.pids);
  const isNginx = ({ role }: Holder) => role !== 'other';
  const areTold = [...inodes].every((inode) => holders.get(inode)?.some(isNginx));
  if (known) Object.assign(known, areTold ? { key, holders } : { key: undefined, holders: undefined });
  return holders;
}

/** By inode. A process forks with its sockets open: the topmost that has one is named. */
function holdersOf(proc: Proc, inodes: Set<string>, nginxPids?: readonly number[]): Map<string, Holder[]> {
  const found = new Map<string, Set<number>>();
  if (inodes.size === 0) return new Map();
  const all = processIds(proc);
  // Mostly nginx has them all, and a descriptor costs a system call: the others are looked through only for what is left.
  const isNginx = (pid: number) => nginxTitle(proc.read(`/proc/${pid}/cmdline`) ?? '') !== undefined;
  const likely = new Set((nginxPids ?? all.filter(isNginx)).flatMap(lineOf));
  note(likely);
  if ([...inodes].some((inode) => !found.has(inode))) note(all.filter((pid) => !likely.has(pid)));
  return new Map(
    [...found].map(([inode, pids]) => {
      const described = [...pids].flatMap((pid) => describe(proc, pid));
      return [inode, described.filter(({ parent }) => !pids.has(parent)).map(({ holder }) => holder)];
    }),
  );

  /** A process and those that it was forked from, without the first of all: systemd has hundreds of descriptors of its own. */
  function lineOf(pid: number): number[] {
    const line = [pid];
    for (let one = pid; one > 1 && line.length < 64; line.push(one)) {
      one = readStat(proc.read(`/proc/${one}/stat`) ?? '')?.parent ?? 0;
    }
    return line.filter((one) => one > 1);
  }

  function note(pids: Iterable<number>): void {
    for (const pid of pids) {
      for (const descriptor of proc.list(`/proc/${pid}/fd`) ?? []) {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(proc.readlink(`/proc/${pid}/fd/${descriptor}`) ?? '') ?? [];
        if (inode === undefined || !inodes.has(inode)) continue;
        const known = found.get(inode) ?? new Set();
        found.set(inode, known.add(pid));
      }
    }
  }
}

function describe(proc: Proc, pid: number): { holder: Holder; parent: number }[] {
  const stat = readStat(proc.read(`/proc/${pid}/stat`) ?? '');
  if (!stat) return [];
  const title = nginxTitle(proc.read(`/proc/${pid}/cmdline`) ?? '');
  // the sockets of a worker are its master's, also where this user may not look at the master's
  if (title?.role === 'worker' && nginxTitle(proc.read(`/proc/${stat.parent}/cmdline`) ?? '')?.role === 'master') {
    return describe(proc, stat.parent);
  }
  const unit = unitOf(proc, pid);
  const role = title ? (`nginx-${title.role}` as const) : 'other';
  return [{ holder: { pid, name: stat.name, role, ...(unit && { unit }) }, parent: stat.parent }];
}

/** The service of a process, only where systemd runs this machine and so could stop it. */
export function unitOf(proc: Proc, pid: number): string | undefined {
  if (proc.read('/proc/1/comm')?.trim() !== 'systemd') return undefined;
  const groups = proc.read(`/proc/${pid}/cgroup`) ?? '';
  return /^(?:0:|\d+:name=systemd):\/system\.slice\/(?:[^/\n]+\.slice\/)*([A-Za-z0-9@_.:-]+\.service)$/m.exec(
    groups,
  )?.[1];
}
