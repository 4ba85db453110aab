import { dirname } from 'node:path';
import { besideOf } from '../formats/beside.ts';
import { groupIn, type User, userIn } from '../formats/accounts.ts';
import { bootTime, readStat } from '../formats/proc.ts';
import { readUnitProperties, type UnitProperties } from '../formats/unit-properties.ts';
import type { ChangeFailure, HostFiles, Standing } from '../host-ports.ts';
import * as layout from './layout.ts';
import type { InstallPorts } from './install-ports.ts';

/** What stands at one of our places. */
export interface Place extends Standing {
  /** Of a file that is not a program, or of what a link leads to. */
  text?: string;
}

/** The host as `install`, `upgrade` and `uninstall` find it. Nothing was changed to learn it. */
export interface HostFacts {
  isRoot: boolean;
  /** systemd is its first process (sd_booted(3)). */
  hasSystemd: boolean;
  /** Absolute paths of the programs that are there, by name. */
  tools: ReadonlyMap<string, string>;
  /** Which package manager owns the program or its unit. */
  packaged?: 'apt' | 'dnf';
  /** This very process: SHA-256 of its program where that is the single binary. */
  own: { path: string; bytes: number; digest?: string };
  /** SHA-256 of the program in place, and of one that is kept. */
  digests: ReadonlyMap<string, string>;
  places: ReadonlyMap<string, Place>;
  account: { user?: User; group?: number };
  /** Units of ours, as systemd knows them, by name; empty without systemd. */
  units: ReadonlyMap<string, UnitProperties>;
  /** The running agent: its program, and since when in milliseconds since 1970, as far as they can be told. */
  main?: { pid: number; program?: string; startedAt?: number };
  /** Directories that something has to be written in, and why that cannot be. */
  closed: ReadonlyMap<string, ChangeFailure>;
  freeBytes: number;
  /** An upgrade of another process is under way. */
  isUpgrading: boolean;
}

const toolPlaces = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];
const toolNames = ['systemctl', 'systemd-sysusers', 'useradd', 'userdel', 'groupdel', 'dpkg-query', 'rpm'];
const shippedTo = [...new Set(layout.shippedFiles.map(({ to }) => dirname(to)))];
const written = [
  '/usr/bin',
  ...shippedTo,
  layout.documents,
  ...layout.ownDocuments,
  '/etc',
  layout.policyDirectory,
  '/etc/systemd/system',
  '/var/lib',
];
const programs = [layout.program, layout.keptProgram, layout.previousProgram, layout.candidateProgram];
const texts = [...layout.shippedFiles.map(({ to }) => to), layout.policyFile];
const others = [
  layout.policyDirectory,
  layout.stateDirectory,
  layout.actDirectory,
  layout.runtimeDirectory,
  ...shippedTo,
  layout.documents,
  ...layout.ownDocuments,
  ...[layout.agentUnit, layout.actSocket, 'certherd-act@.service'].flatMap((unit) =>
    layout.strongerUnitDirectories.flatMap((directory) => [`${directory}/${unit}`, `${directory}/${unit}.d`]),
  ),
];

/** Left by a write that was killed. */
const besides = [...programs, ...texts].map(besideOf);

export async function readHost(ports: InstallPorts): Promise<HostFacts> {
  const { files, own, isRoot } = ports;
  const tools = toolsOf(files);
  const hasSystemd = files.standing('/run/systemd/system')?.kind === 'directory' && tools.has('systemctl');
  const units = hasSystemd ? await unitsOf(ports, tools.get('systemctl') ?? '') : new Map<string, UnitProperties>();
  const places = new Map([...programs, ...texts, ...others, ...besides].flatMap((path) => placeAt(files, path)));
  const closed = written.flatMap((directory): [string, ChangeFailure][] => {
    const failure = files.standing(directory) ? files.closed(directory) : undefined;
    return failure ? [[directory, failure]] : [];
  });
  const packaged = await packagedBy(ports, tools);
  const digests = new Map(
    [layout.program, layout.keptProgram].flatMap((path): [string, string][] => {
      const digest = places.get(path)?.kind === 'file' ? files.digest(path) : undefined;
      return digest === undefined ? [] : [[path, digest]];
    }),
  );
  const digestOf = (path: string) => {
    const digest = digests.get(path) ?? files.digest(path);
    return digest === undefined ? {} : { digest };
  };
  const main = mainProcess(ports, units);
  return {
    isRoot,
    hasSystemd,
    tools,
    ...(packaged && { packaged }),
    own: {
      path: own.path,
      bytes: files.standing(own.path)?.size ?? 0,
      ...(own.isSingle && digestOf(own.path)),
    },
    digests,
    places,
    account: accountIn(files),
    units,
    ...(main && { main }),
    closed: new Map(closed),
    freeBytes: files.freeBytes('/usr/bin'),
    isUpgrading: ports.isUpgrading(),
  };
}

/** What systemd says of our units; `systemctl show` knows a unit that is not there, too. */
async function unitsOf(ports: InstallPorts, systemctl: string): Promise<Map<string, UnitProperties>> {
  const properties = 'Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload,FragmentPath,MainPID,NRestarts';
  const argv = [systemctl, 'show', layout.agentUnit, layout.actSocket, `--property=${properties}`];
  const shown = await ports.programs(argv, { environment: {}, deadlineMs: 30_000 });
  return readUnitProperties(shown.ok ? shown.value.output : '');
}

async function packagedBy(
  { programs: run }: InstallPorts,
  tools: ReadonlyMap<string, string>,
): Promise<'apt' | 'dnf' | undefined> {
  const asked = [
    { by: 'apt', argv: [tools.get('dpkg-query'), '--search', layout.program] },
    { by: 'dnf', argv: [tools.get('rpm'), '--query', '--file', layout.program] },
  ] as const;
  for (const { by, argv } of asked) {
    const [file, ...words] = argv;
    if (file === undefined) continue;
    const answered = await run([file, ...words.map(String)], { environment: { LC_ALL: 'C' }, deadlineMs: 30_000 });
    if (answered.ok && answered.value.exitCode === 0) return by;
  }
  return undefined;
}

function mainProcess({ proc, clock }: InstallPorts, units: ReadonlyMap<string, UnitProperties>): HostFacts['main'] {
  const pid = Number(units.get(layout.agentUnit)?.get('MainPID') ?? 0);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const program = proc.readlink(`/proc/${pid}/exe`);
  const booted = bootTime(proc.read('/proc/uptime') ?? '', proc.read('/proc/stat') ?? '', clock.now());
  const stat = readStat(proc.read(`/proc/${pid}/stat`) ?? '');
  return {
    pid,
    ...(program !== undefined && { program }),
    ...(booted !== undefined && stat && { startedAt: booted + stat.startedAfterBoot }),
  };
}

function placeAt(files: HostFiles, path: string): [string, Place][] {
  const standing = files.standing(path);
  if (!standing) return [];
  const text =
    (texts.includes(path) && standing.kind === 'file') || standing.kind === 'link' ? files.text(path) : undefined;
  return [[path, { ...standing, ...(text !== undefined && { text }) }]];
}

function toolsOf(files: HostFiles): Map<string, string> {
  return new Map(
    toolNames.flatMap((name): [string, string][] => {
      const path = toolPlaces.map((place) => `${place}/${name}`).find((one) => files.standing(one));
      return path === undefined ? [] : [[name, path]];
    }),
  );
}

export function accountIn(files: HostFiles): HostFacts['account'] {
  const user = userIn(files.text('/etc/passwd') ?? '', layout.account);
  const group = groupIn(files.text('/etc/group') ?? '', layout.account);
  return { ...(user && { user }), ...(group !== undefined && { group }) };
}
