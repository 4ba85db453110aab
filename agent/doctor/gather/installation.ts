import type { Config } from '../../config.ts';
import { checkedJson } from '../../formats/checked-json.ts';
import { type Mount, type ProcessRights, readMounts, readProcessRights } from '../../formats/own-process.ts';
import { readAccounts } from '../../observe/accounts.ts';
import { unitOf } from '../../observe/listening-sockets.ts';
import { observeOwnRights, type OwnRights } from '../../observe/own-rights.ts';
import { Status, statusFile } from '../../status.ts';
import type { Confinement } from '../../formats/security-module.ts';
import type { DoctorPorts } from '../doctor-ports.ts';
import { observeConfinement } from './confinement.ts';
import { observeUnit, type UnitState } from './units.ts';

/** The daemon as the kernel tells of it. */
export interface Daemon extends ProcessRights {
  pid: number;
  /** Its own group and those besides. */
  groups: number[];
  /** Its systemd service. */
  unit?: string;
  /** What is told of it to root and its own user alone. */
  rights?: OwnRights;
  /** All that is mounted for it, in its order. */
  mounts?: Mount[];
  /** By a security module. */
  confinement?: Confinement;
}

/** What most areas judge by. */
export interface Installation {
  config: Config;
  /** The settings file as it was named, if one was: commands to be typed name it, too. */
  named?: string;
  own: { uid: number; userName: string; version: string };
  systemd: boolean;
  /** "certherd-agent.service", where there is such a unit. */
  service?: UnitState;
  daemon?: Daemon;
  /** As whom the daemon runs, or would run under its unit; absent where it is whoever starts it. */
  account?: { uid: number; name: string };
  /** What the daemon last said of itself: undefined where it never ran. */
  status: { read: Status } | { read: undefined; why: 'none' | 'unreadable' | 'damaged' };
}

export const serviceName = 'certherd-agent.service';

export function observeInstallation(
  ports: DoctorPorts,
  { config, path }: { config: Config; path: string | undefined },
  version: string,
): Installation {
  const { files, proc, ownUid } = ports;
  const accounts = readAccounts(files, '/');
  const service = observeUnit(files, serviceName);
  const pid = ports.daemonPid();
  const daemon = pid === undefined ? undefined : daemonOf(ports, pid);
  const [user] = service?.settings.get('Service.User') ?? [];
  const uid = daemon?.uid ?? (user === undefined ? undefined : uidOf(files, user));
  return {
    config,
    ...(path !== undefined && { named: path }),
    own: { uid: ownUid, userName: accounts.userName(ownUid), version },
    systemd: files.list('/run/systemd/system').ok && proc.read('/proc/1/comm')?.trim() === 'systemd',
    ...(service && { service }),
    ...(daemon && { daemon }),
    ...(uid !== undefined && { account: { uid, name: accounts.userName(uid) } }),
    status: statusIn(ports),
  };
}

function daemonOf({ proc }: DoctorPorts, pid: number): Daemon | undefined {
  const status = proc.read(`/proc/${pid}/status`) ?? '';
  const process = readProcessRights(status);
  if (!process) return undefined;
  const numbers = (field: string) => (new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/);
  const groups = [numbers('Gid')[1], ...numbers('Groups')].filter((group) => group).map(Number);
  const unit = unitOf(proc, pid);
  const own = (path: string) => path.replace('/proc/self/', `/proc/${pid}/`);
  const mountinfo = proc.read(`/proc/${pid}/mountinfo`);
  const rights = mountinfo && observeOwnRights({ ...proc, read: (path) => proc.read(own(path)) });
  const known = mountinfo && rights ? { rights, mounts: readMounts(mountinfo) } : {};
  const confinement = observeConfinement(proc, pid);
  return { ...process, pid, groups, ...(unit && { unit }), ...(confinement && { confinement }), ...known };
}

function uidOf(files: DoctorPorts['files'], user: string): number | undefined {
  const content = files.read('/etc/passwd');
  const line = content.ok
    ? new TextDecoder()
        .decode(content.value.bytes)
        .split('\n')
        .find((one) => one.startsWith(`${user}:`))
    : undefined;
  const uid = line?.split(':')[2];
  return uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : undefined;
}

function statusIn({ state }: DoctorPorts): Installation['status'] {
  const stored = state.read(statusFile);
  if (!stored.ok) return { read: undefined, why: 'unreadable' };
  if (stored.value === undefined) return { read: undefined, why: 'none' };
  const read = checkedJson(stored.value, Status);
  return read ? { read } : { read: undefined, why: 'damaged' };
}
