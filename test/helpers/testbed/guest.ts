import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { plainEnvironment, type Ran } from './children.ts';
import { guestImage } from './guest-image.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** A machine with systemd as its first process, the distribution's own packages and a network of its own. */
export interface Guest {
  /** Runs a command in it, as root, killed after `timeoutMs` (120 s unless told). */
  run: (
    command: string,
    argv: string[],
    surroundings?: { env?: Record<string, string>; timeoutMs?: number },
  ) => Promise<Ran>;
  /** Runs a command that must end with 0, and gives what it printed. */
  must: (command: string, ...argv: string[]) => Promise<string>;
  /** Writes a file in it, directories above it included. */
  write: (path: string, text: string, mode?: number) => void;
  read: (path: string) => string;
  exists: (path: string) => boolean;
  /** Its first process, as this machine numbers it, and the command that what is run in it is put behind. After a reboot both are others. */
  readonly leader: number;
  readonly entering: readonly string[];
  /** What a unit logged so far; a pattern for several. */
  journal: (unit: string) => Promise<string>;
  /** As a person would have it done: all that runs is stopped, and what is enabled starts. */
  reboot: () => Promise<void>;
  /** Ends it with all that runs in it. The sandbox does so too. */
  close: () => Promise<void>;
}

const tools = [
  '/usr/bin/systemd-nspawn',
  '/usr/sbin/debootstrap',
  '/usr/bin/nsenter',
  '/usr/bin/unshare',
  '/usr/bin/flock',
];
const cgroups = '/sys/fs/cgroup';
const bootMs = 60_000;

/** Why no guest can be made here; undefined where it can. */
export function guestsAreImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return 'guests need root (namespaces, mounts, cgroups)';
  const missing = tools.filter((tool) => !existsSync(tool));
  if (missing.length > 0) return `missing: ${missing.join(', ')} (scripts/setup test installs them)`;
  const apart = spawnSync('/usr/bin/unshare', [...namespaces, '/usr/bin/true'], { encoding: 'utf8' });
  if (apart.status !== 0) return `namespaces cannot be made here: ${apart.stderr.trim()}`;
  try {
    for (const hierarchy of hierarchies()) accessSync(hierarchy, constants.W_OK);
  } catch {
    return `${cgroups} cannot be written here`;
  }
  return undefined;
}

/**
 * Boots a guest over the kept image, each in an own overlay that only memory holds. `bindings` shows files and directories of
 * this machine in it, for reading: path here to path there. It ends with the sandbox, and with this process, however that ends.
 */
export async function bootGuest(sandbox: Sandbox, name: string, bindings: Record<string, string> = {}): Promise<Guest> {
  const image = await guestImage(sandbox);
  removeForsaken();
  const layer = sandbox.folder(`guest-${name}`);
  const groups = hierarchies().map((hierarchy) => join(hierarchy, `certherd-guest-${process.pid}-${name}`));
  for (const group of groups) mkdirSync(group, { recursive: true });
  const boot = [resolve(import.meta.dirname, 'boot-guest'), image, layer, name, ...groups, '--'];
  const shown = Object.entries(bindings).map(([here, there]) => `--bind-ro=${here}:${there}`);
  const holder = sandbox.start(
    '/usr/bin/setpriv',
    // unshare(1) blocks SIGTERM while it waits for its child.
    ['--pdeathsig', 'KILL', '--', '/usr/bin/unshare', ...namespaces, ...boot, ...shown],
    join(sandbox.directory, `guest-${name}.log`),
  );
  const hopeless = () => (holder.running() ? undefined : holder.output());
  const booting = (former?: number) => {
    const begun = () => [systemdBelow(holder.pid)].find((pid) => pid !== former);
    return until('the guest begins to boot', begun, { deadlineMs: bootMs, hopeless });
  };
  let leader = await booting();
  const within = () => ['--target', String(leader), '-m', '-u', '-i', '-n', '-p', '-C', '--root', '--wd', '--'];
  const run: Guest['run'] = (command, argv, { env, timeoutMs } = {}) =>
    sandbox.run('/usr/bin/nsenter', [...within(), command, ...argv], {
      env: { ...plainEnvironment, ...env },
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  const must: Guest['must'] = async (command, ...argv) => {
    const { exit, stdout, stderr } = await run(command, argv);
    if (exit !== 0) throw new Error(`${command} ${argv.join(' ')}: ${exit}: ${stderr}${stdout.slice(-2000)}`);
    return stdout;
  };
  // Seen through its first process; its own absolute links would lead out of it.
  const seen = (path: string) => `/proc/${leader}/root${path}`;
  const isUp = async () => /running|degraded/.test((await run('systemctl', ['is-system-running'])).stdout);
  const booted = () => until('the guest has booted', isUp, { deadlineMs: bootMs, hopeless });
  await booted();
  return {
    run,
    must,
    write(path, text, mode = 0o644) {
      mkdirSync(dirname(seen(path)), { recursive: true });
      writeFileSync(seen(path), text, { mode });
    },
    read: (path) => readFileSync(seen(path), 'utf8'),
    exists: (path) => existsSync(seen(path)),
    get leader() {
      return leader;
    },
    get entering() {
      return ['/usr/bin/nsenter', ...within()];
    },
    journal: async (unit) => (await run('journalctl', ['--unit', unit, '--output', 'cat', '--no-pager'])).stdout,
    async reboot() {
      // It ends with the guest, and has no word of its own then.
      await run('systemctl', ['reboot']);
      leader = await booting(leader);
      await booted();
    },
    async close() {
      holder.signal('SIGKILL');
      await holder.end();
      for (const group of groups) await until('its cgroup is empty', () => removeGroup(group));
    },
  };
}

/** All that is made in them ends with the first process. */
const namespaces = [
  '--mount',
  '--pid',
  '--net',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--propagation',
  'private',
  '--',
];

/** Where a guest's systemd needs a group of its own: cgroup v2, or v1 as systemd mounts it (systemd.special-cgroup). */
function hierarchies(): string[] {
  if (existsSync(join(cgroups, 'cgroup.controllers'))) return [cgroups];
  return ['systemd', 'unified', 'pids'].map((name) => join(cgroups, name)).filter((path) => existsSync(path));
}

/** unshare's child starts nspawn, whose child is the guest's first process. */
function systemdBelow(pid: number): number | undefined {
  const isSystemd = (child: number) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'systemd';
  return childrenOf(childrenOf(childrenOf(pid)[0])[0]).find(isSystemd);
}

function childrenOf(pid: number | undefined): number[] {
  const listed = pid === undefined ? '' : readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return listed === '' ? [] : listed.split(' ').map(Number);
}

/** Groups whose guest ended with its test and could not be removed by it. */
function removeForsaken(): void {
  for (const hierarchy of hierarchies()) {
    for (const name of readdirSync(hierarchy)) {
      const [, owner] = /^certherd-guest-(\d+)-/.exec(name) ?? [];
      if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeGroup(join(hierarchy, name));
    }
  }
}

/** False while a process is in it. */
function removeGroup(group: string): boolean {
  if (!existsSync(group)) return true;
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory() && !removeGroup(join(group, entry.name))) return false;
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
