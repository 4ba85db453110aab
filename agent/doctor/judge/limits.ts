import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import type { LimitsFacts } from '../gather/limits.ts';
import { dropIn } from './words.ts';

/** What the agent needs at least: for its sockets and files, and to watch the directories of some hundred sites. */
export const least = { descriptors: 512, watches: 4096, instances: 16, glibc: '2.28' } as const;
/** Above this share of a limit it is told. */
const nearly = 0.9;

const sysctl = (name: string, value: number) =>
  `echo "fs.inotify.${name} = ${value}" > /etc/sysctl.d/60-certherd.conf && sysctl -p /etc/sysctl.d/60-certherd.conf`;

const why = {
  watches: 'A change of a certificate or config is then seen at the next full look only (rescan_seconds).',
  descriptors: 'Files and endpoints beyond the limit cannot be opened, and are told as unknown.',
  glibc: 'Node and with it the agent may not start, or end without a reason.',
};

/** Are the limits wide enough for what is watched and asked? */
export function judgeLimits(
  { whose, descriptors, watches, instances, glibc, node }: LimitsFacts,
  unit?: string,
): Diagnosis[] {
  return [
    inotify('inotify-watches', 'max_user_watches', 'watched files and directories', watches, least.watches),
    inotify('inotify-instances', 'max_user_instances', 'watchers', instances, least.instances),
    descriptor(whose, descriptors, unit),
    library(glibc, node),
  ];
}

function inotify(
  check: string,
  name: string,
  what: string,
  limit: { used?: number; most: number } | undefined,
  needed: number,
): Diagnosis {
  if (!limit) return notTold(check, `/proc/sys/fs/inotify/${name} cannot be read`);
  const { used, most } = limit;
  const own = used === undefined ? '' : `, of which the daemon has ${used}`;
  const says = `each user of this host may have ${most} ${what}${own}`;
  if (most >= needed && (used ?? 0) < most * nearly) return ok(check, says);
  return wrong(check, says, why.watches, sysctl(name, Math.max(needed, most) * 2));
}

function descriptor(
  whose: LimitsFacts['whose'],
  limit: LimitsFacts['descriptors'],
  unit: string | undefined,
): Diagnosis {
  if (!limit) return notTold('descriptors', 'how many files the agent may open is not told');
  const { used, most } = limit;
  const who = whose === 'daemon' ? 'the daemon' : 'this command';
  const says = `${who} may have ${most} files open${used === undefined ? '' : `, and has ${used}`}`;
  if (most >= least.descriptors && (used ?? 0) < most * nearly) return ok('descriptors', says);
  const more = Math.max(least.descriptors, most) * 4;
  const fix =
    unit === undefined ? `ulimit -n ${more}, before certherd-agent is started` : dropIn(unit, [`LimitNOFILE=${more}`]);
  return wrong('descriptors', says, why.descriptors, fix);
}

function library(glibc: string | undefined, node: string): Diagnosis {
  if (glibc === undefined)
    return wrong(
      'glibc',
      `the C library of this host is not glibc (node ${node})`,
      why.glibc,
      'Run the agent on a distribution with glibc 2.28 or later: Debian 10, RHEL 8, Ubuntu 20.04.',
    );
  if (isBefore(glibc, least.glibc))
    return wrong(
      'glibc',
      `glibc ${glibc} is older than ${least.glibc} (node ${node})`,
      why.glibc,
      'Upgrade this host: Debian 10, RHEL 8 and Ubuntu 20.04 have what is needed.',
    );
  return ok('glibc', `glibc ${glibc}, node ${node}`);
}

function isBefore(version: string, other: string): boolean {
  const [a = [], b = []] = [version, other].map((text) => text.split('.').map(Number));
  return (a[0] ?? 0) !== (b[0] ?? 0) ? (a[0] ?? 0) < (b[0] ?? 0) : (a[1] ?? 0) < (b[1] ?? 0);
}
