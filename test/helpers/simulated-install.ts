import fs from 'node:fs';
import path from 'node:path';
import { type HostFacts, readHost } from '../../agent/install/host.ts';
import type { InstallPorts } from '../../agent/install/install-ports.ts';
import * as layout from '../../agent/install/layout.ts';
import { perform, type Performed, type PerformPorts } from '../../agent/install/perform.ts';
import { planInstall, type Wish } from '../../agent/install/plan.ts';
import type { Plan } from '../../agent/install/step.ts';
import type { ProgramEnd } from '../../agent/ports.ts';
import { systemHostFiles } from '../../agent/system/host-files.ts';
import { shippedFile } from '../../agent/system/shipped-files.ts';
import { treeOf, watchedFiles } from './watched-files.ts';

/** The installer was killed: nothing of it is done any more, and nothing taken back. */
export class Killed extends Error {}

/** What a program of the simulation does once it is started; it is written in the program itself. */
export type Conduct = 'well' | 'crashes' | 'never looks' | 'its install fails';

/** A tree with real files, and what systemd, sysusers and the programs in it would do. Time passes only where it is waited. */
export interface SimulatedHost {
  root: string;
  /** Writes a program somewhere in the tree. */
  program: (file: string, version: string, conduct?: Conduct) => void;
  /** The ports of a process that runs the program at this path. */
  ports: (own: string) => PerformPorts;
  /** The process is killed at its nth change of the host: before it, in its middle where it has one, or right after it. */
  killAt: (change: number, moment: 'before' | 'during' | 'after') => void;
  neverKill: () => void;
  /** Changes that were made since neverKill. */
  changes: () => number;
  /** What a step fails with from now on. */
  failing: (fails: ((change: string) => NodeJS.ErrnoException['code'] | undefined) | undefined) => void;
  /** What runs: the version, and whether its program is the one in place. */
  running: () => { version: string; isInPlace: boolean } | undefined;
  /** From now on an agent that is told to stop ends only after so long: it has an action under way. */
  endingTakes: (ms: number) => void;
  socketIsOn: () => boolean;
  enrolments: () => number;
  /** All paths below the root with what counts of them. */
  tree: () => string[];
}

interface Systemd {
  enabled: string[];
  socketActive: boolean;
  loaded: Record<string, string>;
  main?: { pid: number; inode: number; version: string; conduct: Conduct; startedAt: number };
  restarts: number;
}

const elf = Buffer.from(`7f454c46020101${'00'.repeat(9)}02003e00`, 'hex');
const below = {
  usr: 'bin lib/sysusers.d lib/systemd/system lib/systemd/system-preset share/doc share/man/man1',
  etc: 'systemd/system',
};
const folders = Object.entries(below).flatMap(([top, all]) => all.split(' ').map((one) => `${top}/${one}`));
const accountLine = `${layout.account}:x:997:997:Certherd agent:${layout.stateDirectory}:/usr/sbin/nologin`;
const startOfTime = 1_800_000_000_000;

export function simulatedHost(root: string): SimulatedHost {
  for (const folder of [...folders, 'run/systemd/system', 'var/lib', 'opt'])
    fs.mkdirSync(path.join(root, folder), { recursive: true });
  const at = (file: string) => `${root}${file}`;
  for (const tool of ['systemctl', 'systemd-sysusers', 'userdel', 'groupdel'])
    fs.writeFileSync(at(`/usr/bin/${tool}`), '');
  fs.writeFileSync(at('/etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  fs.writeFileSync(at('/etc/group'), 'root:x:0:\n');

  const systemd: Systemd = { enabled: [], socketActive: false, loaded: {}, restarts: 0 };
  let elapsed = 0;
  let endingMs = 0;
  let startsAt: number | undefined;
  let nextPid = 100;
  let enrolments = 0;
  let change = 0;
  let kill: { change: number; moment: 'before' | 'during' | 'after' } | undefined;
  let failing: ((change: string) => NodeJS.ErrnoException['code'] | undefined) | undefined;

  const changing = <T>(work: () => T, half: () => void = () => {}): T => {
    change += 1;
    const isIt = kill?.change === change;
    if (isIt && kill?.moment === 'before') throw new Killed();
    if (isIt && kill?.moment === 'during') {
      half();
      throw new Killed();
    }
    const done = work();
    if (isIt) throw new Killed();
    return done;
  };
  const readProgram = (file: string): { version: string; conduct: Conduct } | undefined => {
    const text = fs.existsSync(at(file)) ? fs.readFileSync(at(file)).subarray(64).toString() : '';
    const [, version, conduct] = /^version=(\S+) conduct=(.+)$/m.exec(text) ?? [];
    return version === undefined ? undefined : { version, conduct: conduct as Conduct };
  };
  const unitText = (name: string) => {
    const file = at(`${layout.unitDirectory}/${name}`);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  };
  const start = () => {
    startsAt = undefined;
    const found = readProgram(layout.program);
    if (!found) return;
    systemd.restarts = 0;
    const inode = fs.statSync(at(layout.program)).ino;
    systemd.main = { ...found, pid: (nextPid += 1), inode, startedAt: Date.now() };
    fs.mkdirSync(at(layout.stateDirectory), { recursive: true });
  };

  const files = watchedFiles(systemHostFiles(root), root, changing, () => failing);
  const proc: InstallPorts['proc'] = {
    list: () => undefined,
    read: (file) => {
      const now = Date.now();
      if (file === '/proc/uptime') return `${((now - startOfTime) / 1000).toFixed(2)} 0\n`;
      if (file === '/proc/stat') return `btime ${startOfTime / 1000}\n`;
      const { main } = systemd;
      if (!main || file !== `/proc/${main.pid}/stat`) return undefined;
      const ticks = Math.floor((main.startedAt - startOfTime) / 10);
      return `${main.pid} (certherd-agent) S 1${' 0'.repeat(17)} ${ticks} 0\n`;
    },
    readlink: () => {
      const found = fs.statSync(at(layout.program), { throwIfNoEntry: false });
      return found?.ino === systemd.main?.inode ? layout.program : `${layout.program} (deleted)`;
    },
  };

  const ended = (exitCode: number, output = '') => ({
    ok: true as const,
    value: { exitCode, output, timedOut: false } satisfies ProgramEnd,
  });
  const shown = (name: string) => {
    const isAgent = name === layout.agentUnit;
    if (startsAt !== undefined && elapsed >= startsAt) start();
    if (isAgent && systemd.main?.conduct === 'crashes') systemd.restarts += 1;
    const isThere = name in systemd.loaded || unitText(name) !== '';
    const isActive = isAgent ? systemd.main !== undefined && systemd.main.conduct !== 'crashes' : systemd.socketActive;
    return [
      `Id=${name}`,
      `LoadState=${isThere ? 'loaded' : 'not-found'}`,
      `ActiveState=${isAgent && startsAt !== undefined ? 'deactivating' : isActive ? 'active' : 'inactive'}`,
      `UnitFileState=${systemd.enabled.includes(name) ? 'enabled' : 'disabled'}`,
      `NeedDaemonReload=${(systemd.loaded[name] ?? unitText(name)) === unitText(name) ? 'no' : 'yes'}`,
      `MainPID=${(isAgent && systemd.main?.conduct !== 'crashes' && systemd.main?.pid) || 0}`,
      `NRestarts=${isAgent ? systemd.restarts : 0}`,
    ].join('\n');
  };
  const systemctl = ([verb, ...words]: string[]) => {
    const units = words.filter((word) => word.startsWith('certherd-'));
    if (verb === 'show') return ended(0, `${units.map(shown).join('\n\n')}\n`);
    if (verb === 'reset-failed') return ended(0);
    return changing(() => {
      for (const unit of units) {
        if (unitText(unit) !== '') systemd.loaded[unit] ??= unitText(unit);
        if (verb === 'enable') systemd.enabled = [...new Set([...systemd.enabled, unit])];
        if (verb === 'disable') systemd.enabled = systemd.enabled.filter((one) => one !== unit);
        if (unit === layout.actSocket && words.includes('--now')) systemd.socketActive = verb === 'enable';
        if (unit === layout.agentUnit && verb === 'disable') delete systemd.main;
        if (unit !== layout.agentUnit) continue;
        if (verb === 'restart' && systemd.main && endingMs > 0) startsAt ??= elapsed + endingMs;
        else if (verb === 'restart' || (verb === 'kill' && systemd.main)) start();
      }
      if (verb === 'daemon-reload')
        systemd.loaded = Object.fromEntries(
          [layout.agentUnit, layout.actSocket].flatMap((name) =>
            unitText(name) === '' ? [] : [[name, unitText(name)]],
          ),
        );
      return ended(0);
    });
  };
  const account = (isThere: boolean) => {
    for (const [file, line] of [
      ['/etc/passwd', accountLine],
      ['/etc/group', `${layout.account}:x:997:`],
    ] as const) {
      const rest = fs
        .readFileSync(at(file), 'utf8')
        .split('\n')
        .filter((one) => one !== '' && !one.startsWith(layout.account));
      fs.writeFileSync(at(file), `${[...rest, ...(isThere ? [line] : [])].join('\n')}\n`);
    }
    return ended(0);
  };
  const programs: InstallPorts['programs'] = async ([file = '', ...words]) => {
    const tool = path.basename(file);
    const code = failing?.(`${tool} ${words[0] ?? ''}`);
    if (code !== undefined) return ended(1, `${tool}: ${code}`);
    if (tool === 'systemctl') return systemctl(words);
    if (tool === 'systemd-sysusers') return changing(() => account(true));
    if (tool === 'userdel') return changing(() => account(false));
    const program = readProgram(file);
    if (!program) return ended(127, 'not a program');
    if (words[0] === 'version') return ended(0, `certherd-agent ${program.version}\n`);
    if (words[0] === 'install') {
      if (program.conduct === 'its install fails') return ended(1, 'certherd-agent: its own reason');
      const installed = await install(host, file, { version: program.version });
      return ended(installed.ok ? 0 : 1, installed.ok ? '' : 'certherd-agent: not installed');
    }
    const { main } = systemd;
    const looked = main?.conduct === 'well' ? { lookedAt: '2027-01-01T00:00:00Z' } : {};
    return ended(
      0,
      JSON.stringify({ pid: main?.pid, running: main !== undefined, agentVersion: main?.version, ...looked }),
    );
  };

  const host: SimulatedHost = {
    root,
    program: (file, version, conduct = 'well') =>
      fs.writeFileSync(
        at(file),
        Buffer.concat([elf, Buffer.alloc(64 - elf.length), Buffer.from(`version=${version} conduct=${conduct}\n`)]),
      ),
    ports: (own) => ({
      files,
      programs,
      proc,
      clock: {
        now: () => Date.now(),
        monotonic: () => elapsed,
        after: (ms, task) => {
          elapsed += ms;
          const timer = setImmediate(task);
          return () => clearImmediate(timer);
        },
      },
      isRoot: true,
      processor: 'x64',
      own: { path: own, version: readProgram(own)?.version ?? '', isSingle: true },
      shipped: shippedFile,
      isUpgrading: () => fs.existsSync(at(layout.keptProgram)),
      isInstalling: () => false,
      enrol: async () => {
        const detail = failing?.('enrol');
        if (detail) return { ok: false, failure: { reason: 'not-enrolled', detail, mayStand: false } };
        changing(() => {
          enrolments += 1;
          fs.writeFileSync(at(`${layout.stateDirectory}/enrolment.json`), '{}');
        });
        return { ok: true, value: undefined };
      },
    }),
    killAt: (nth, moment) => {
      change = 0;
      kill = { change: nth, moment };
    },
    neverKill: () => {
      change = 0;
      kill = undefined;
    },
    changes: () => change,
    failing: (fails) => {
      failing = fails;
    },
    running: () =>
      systemd.main && {
        version: systemd.main.version,
        isInPlace: fs.statSync(at(layout.program), { throwIfNoEntry: false })?.ino === systemd.main.inode,
      },
    endingTakes: (ms) => {
      endingMs = ms;
    },
    socketIsOn: () => systemd.socketActive && systemd.enabled.includes(layout.actSocket),
    enrolments: () => enrolments,
    tree: () => treeOf(root),
  };
  return host;
}

/** What the command does: reads the host, plans, performs. */
export async function install(host: SimulatedHost, own: string, wish: Partial<Wish>): Promise<Performed | Plan> {
  const ports = host.ports(own);
  const plan = planInstall(await readHost(ports), await wished(host, own, wish), shippedFile);
  if (!plan.ok) return plan;
  return perform(plan.value, await readHost(ports), ports, () => {});
}

/** The steps that are still to be done. */
export async function open(host: SimulatedHost, own: string, wish: Partial<Wish> = {}): Promise<string[]> {
  const plan = planInstall(await readHost(host.ports(own)), await wished(host, own, wish), shippedFile);
  return plan.ok ? plan.value.filter(({ isDone }) => !isDone).map(({ words }) => words) : [plan.failure.reason];
}

async function wished(host: SimulatedHost, own: string, wish: Partial<Wish>): Promise<Wish> {
  const policy = host.ports(own).files.text(layout.policyFile) ?? '';
  const mode = /^mode = "(observe|deploy|renew)"/m.exec(policy)?.[1] as Wish['currentMode'] | undefined;
  const isEnrolled = fs.existsSync(`${host.root}${layout.stateDirectory}/enrolment.json`);
  return {
    version: host.ports(own).own.version,
    currentMode: mode ?? 'observe',
    stateDirectory: layout.stateDirectory,
    ...(isEnrolled && { enrolledWith: { authority: 'collector.test:8443', pin: 'pin' } }),
    ...wish,
  };
}

export const facts = (host: SimulatedHost, own: string): Promise<HostFacts> => readHost(host.ports(own));
