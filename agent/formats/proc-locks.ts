/** A lock that somebody holds on a file, from /proc/locks (proc(5)). */
export interface HeldLock {
  /** 0 or -1: a process that this one cannot see. */
  pid: number;
  /** As stat(2) gives it for most file systems; Btrfs gives each subvolume another one. */
  device: number;
  inode: number;
}

/** Who waits for a lock ("->") does not hold it. */
export function heldLocks(text: string): HeldLock[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, major = '', minor = '', inode] =
      /^\d+: [A-Z]+ +[A-Z]+ +(?:READ|WRITE|RW) +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (pid === undefined) return [];
    const device = deviceNumber(Number.parseInt(major, 16), Number.parseInt(minor, 16));
    return [{ pid: Number(pid), device, inode: Number(inode) }];
  });
}

/** As the C library makes it of the two (makedev(3)), where the major number has at most 12 bits, as Linux has it. */
function deviceNumber(major: number, minor: number): number {
  return Math.floor(minor / 256) * 2 ** 20 + major * 256 + (minor % 256);
}
