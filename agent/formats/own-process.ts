/** What /proc/self/status says of a process's rights (proc(5), capabilities(7)). */
export interface ProcessRights {
  /** Effective. */
  uid: number;
  /** Effective capabilities: bit n is capability n. */
  capabilities: bigint;
  noNewPrivileges: boolean;
  /** System calls are filtered (seccomp mode 2). */
  filtered: boolean;
}

/** Undefined where the text is not that of /proc/PID/status. */
export function readProcessRights(status: string): ProcessRights | undefined {
  const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, effective] = /^CapEff:\s+([0-9a-f]{1,16})$/m.exec(status) ?? [];
  if (uid === undefined || effective === undefined) return undefined;
  return {
    uid: Number(uid),
    capabilities: BigInt(`0x${effective}`),
    noNewPrivileges: /^NoNewPrivs:\s+1$/m.test(status),
    filtered: /^Seccomp:\s+2$/m.test(status),
  };
}

/** One line of /proc/PID/mountinfo. */
export interface Mount {
  point: string;
  /** Nobody may write there by this mount. */
  readOnly: boolean;
  /** The file system itself is writable: others may have it mounted so. */
  writableElsewhere: boolean;
}

/** The mounts in their order; a later one at the same place hides the earlier (proc(5), mountinfo). */
export function readMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [own = '', more = ''] = line.split(' - ');
    const [, , , , point, options] = own.split(' ');
    if (point === undefined || options === undefined) return [];
    const superOptions = more.split(' ')[2] ?? '';
    const has = (list: string, option: string) => list.split(',').includes(option);
    return [
      {
        point: point.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        ),
        readOnly: has(options, 'ro'),
        writableElsewhere: has(superOptions, 'rw'),
      },
    ];
  });
}

/** The mount that a path is on. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const holds = ({ point }: Mount) => point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts
    .filter(holds)
    .reduce<Mount | undefined>(
      (longest, mount) => (longest && longest.point.length > mount.point.length ? longest : mount),
      undefined,
    );
}
