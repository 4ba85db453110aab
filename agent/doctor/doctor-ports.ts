import type { Result } from '@certherd/protocol/failure';
import type { LookPorts, OpenCollectorSocket, OpenHttps, Programs, State } from '../ports.ts';

/** What a file system has left for this process (statvfs(3)). */
export interface Space {
  freeBytes: number;
  /** Absent where it has no fixed number of files (Btrfs). */
  freeFiles?: number;
}

/** All that `doctor` may ask of the machine. It reads and asks; nothing is written. */
export interface DoctorPorts extends LookPorts {
  environment: Readonly<Record<string, string | undefined>>;
  /** Effective user of this process. */
  ownUid: number;
  ownPid: number;
  /** The C library's version, "2.36"; absent where it is not glibc. */
  glibc?: string;
  space(path: string): Result<Space>;
  /** May this process read, or write, what the path leads to (access(2))? */
  may(path: string, what: 'read' | 'write'): Result<void>;
  /** As programs look names up on this host: its own files count, too (getaddrinfo(3)). */
  lookUp(name: string): Promise<Result<string[]>>;
  /** A TCP connection that is closed at once. */
  reach(target: { host: string; port: number }): Promise<Result<void>>;
  /** The state directory of the settings. */
  state: Pick<State, 'read'>;
  /** Who holds the daemon's lock, by pid; undefined where nobody does, or the lock cannot be read. */
  daemonPid(): number | undefined;
  /** An upgrade goes on now; false, too, where that is not told to this user. */
  isUpgrading(): boolean;
  /** Through the proxy that these variables name, both. */
  collectorThrough(environment: Readonly<Record<string, string | undefined>>): OpenCollectorSocket;
  httpsThrough(environment: Readonly<Record<string, string | undefined>>): OpenHttps;
  programs: Programs;
}
