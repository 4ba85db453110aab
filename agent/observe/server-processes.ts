import path from 'node:path';
import type { Server, ServerProgram } from '@certherd/protocol/snapshot';
import { readProcessRights } from '../formats/own-process.ts';
import { bootTime, readStat } from '../formats/proc.ts';
import type { Proc } from '../ports.ts';
import { unitOf } from './listening-sockets.ts';
import { isElsewhere, processIds } from './nginx-process.ts';

/** The processes that run one observed config of Apache or HAProxy. Instants are milliseconds since 1970, to about 20 ms. */
export interface ServerProcesses {
  server: ServerProgram;
  configFile: string;
  /** The first process: all that the config names was read at this time, or later. */
  startedAt: number;
  /** The oldest process that clients can be answered by, or that drains since a reload. */
  oldestAt: number;
  /** The youngest process that clients can be answered by: nothing that changed later has been read by any of them. */
  youngestAt: number;
}

interface Process {
  pid: number;
  parent: number;
  startedAt: number;
  argv: string[];
}

/** As the kernel knows them: Debian's and Red Hat's names. */
const programs: Partial<Record<ServerProgram, readonly string[]>> = {
  apache: ['apache2', 'httpd'],
  haproxy: ['haproxy'],
};

/** What `-f` names where it is not given. */
const usualConfigs = ['/etc/apache2/apache2.conf', '/etc/httpd/conf/httpd.conf', '/etc/haproxy/haproxy.cfg'];

/**
 * When the servers beside nginx were started, each told by the config that its command line names. Left out where no process
 * is found, or several of them could be it; containers are left out as for nginx.
 */
export function observeServerProcesses(
  proc: Proc,
  servers: Pick<Server, 'server' | 'configFile'>[],
  now: number,
): ServerProcesses[] {
  const wanted = servers.filter(({ server }) => programs[server] !== undefined);
  const booted =
    wanted.length > 0 ? bootTime(proc.read('/proc/uptime') ?? '', proc.read('/proc/stat') ?? '', now) : undefined;
  if (booted === undefined) return [];
  const named = processesByName(proc, new Set(wanted.flatMap(({ server }) => programs[server] ?? [])), booted);
  return wanted.flatMap(({ server, configFile }) => {
    const all = (programs[server] ?? []).flatMap((name) => named.get(name) ?? []);
    const pids = new Set(all.map(({ pid }) => pid));
    const own = all.filter(({ parent, argv }) => !pids.has(parent) && names(argv, configFile));
    // HAProxy without a master reloads by a second process that the first one gives way to.
    if (own.length === 0 || (own.length > 1 && server !== 'haproxy')) return [];
    const children = all.filter(({ parent }) => own.some(({ pid }) => pid === parent));
    // A master that executes itself anew keeps its start time, and answers nobody.
    const answering = [...children, ...own.filter(({ pid }) => !children.some(({ parent }) => parent === pid))];
    return [
      {
        server,
        configFile,
        startedAt: Math.max(...own.map(({ startedAt }) => startedAt)),
        oldestAt: Math.min(...answering.map(({ startedAt }) => startedAt)),
        youngestAt: Math.max(...answering.map(({ startedAt }) => startedAt)),
      },
    ];
  });
}

/** The process that a server's config is run by, and the service that it belongs to where systemd runs this machine. */
export interface RunningServer {
  pid: number;
  /** Processes of the same program that it started: HAProxy has them only with a master. */
  children: number;
  unit?: string;
}

/** Undefined where no process runs this config, or several do of which none is named by a pid file. */
export function observeRunningServer(
  proc: Proc,
  { server, configFile }: Pick<Server, 'server' | 'configFile'>,
  byPidFile?: number,
): RunningServer | undefined {
  const wanted = programs[server] ?? [];
  const byName = processesByName(proc, new Set(wanted), 0);
  const all = wanted.flatMap((name) => byName.get(name) ?? []);
  const pids = new Set(all.map(({ pid }) => pid));
  const named = all.filter(({ parent, argv }) => !pids.has(parent) && names(argv, configFile));
  // Anyone can call a process of their own like a server: where several could be it, root's and our own come first.
  const ours = named.filter(({ pid }) => isOurs(proc, pid));
  const running = ours.length > 0 ? ours : named;
  const own = running.length === 1 ? running[0] : running.find(({ pid }) => pid === byPidFile);
  if (!own) return undefined;
  const unit = unitOf(proc, own.pid);
  const children = all.filter(({ parent }) => parent === own.pid).length;
  return { pid: own.pid, children, ...(unit && { unit }) };
}

function isOurs(proc: Proc, pid: number): boolean {
  const [theirs, own] = [pid, 'self'].map((one) => readProcessRights(proc.read(`/proc/${one}/status`) ?? '')?.uid);
  return theirs !== undefined && (theirs === 0 || theirs === own);
}

function processesByName(proc: Proc, wanted: ReadonlySet<string>, booted: number): Map<string, Process[]> {
  const found = new Map<string, Process[]>();
  const network = proc.readlink('/proc/self/ns/net');
  for (const pid of processIds(proc)) {
    // the name alone first: for its times the kernel asks all threads of a process
    if (!wanted.has(proc.read(`/proc/${pid}/comm`)?.trimEnd() ?? '')) continue;
    const stat = readStat(proc.read(`/proc/${pid}/stat`) ?? '');
    if (!stat || !wanted.has(stat.name) || isElsewhere(proc, pid, network)) continue;
    const argv = (proc.read(`/proc/${pid}/cmdline`) ?? '').split('\0');
    const one = { pid, parent: stat.parent, startedAt: booted + stat.startedAfterBoot, argv };
    found.set(stat.name, [...(found.get(stat.name) ?? []), one]);
  }
  return found;
}

/** Does a command line name this config with -f, from Apache's -d (its ServerRoot), or by leaving both away? */
function names(argv: string[], configFile: string): boolean {
  const root = valuesOf(argv, '-d')[0];
  const given = valuesOf(argv, '-f');
  if (given.length === 0) return usualConfigs.includes(configFile);
  return given.some((file) => path.resolve(root ?? '/', file) === configFile);
}

function valuesOf(argv: string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? (argv[index + 1] ?? []) : []));
}
