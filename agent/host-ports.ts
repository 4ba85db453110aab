import type { Result } from '@certherd/protocol/failure';
import type { PathPermissions } from './ports.ts';

/** Why the host could not be changed. `detail` names the path and what the system said (raw). */
export interface ChangeFailure {
  reason: 'disk-full' | 'read-only' | 'permission-denied' | 'io-error';
  detail: string;
}

/** What stands at a path, links not followed. */
export interface Standing extends PathPermissions {
  kind: 'file' | 'directory' | 'link' | 'other';
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  modifiedAt: number;
}

/**
 * The host's own files, as `install`, `upgrade` and `uninstall` change them: root's. What is written appears whole and on disk, or not at
 * all; what a killed write left beside it is written over by the next, or removed with it.
 */
export interface HostFiles {
  /** Undefined where nothing stands. */
  standing(path: string): Standing | undefined;
  /** Undefined where it cannot be read. */
  text(path: string): string | undefined;
  names(directory: string): string[];
  /** SHA-256 of a file of any size, in hexadecimal. */
  digest(path: string): string | undefined;
  /** Its first bytes. */
  beginning(path: string, bytes: number): Uint8Array | undefined;
  /** Bytes that may still be written where this directory is. */
  freeBytes(directory: string): number;
  /** Why nothing can be written in a directory. */
  closed(directory: string): ChangeFailure | undefined;
  write(path: string, content: string, mode: number): Result<void, ChangeFailure>;
  copy(from: string, to: string, mode: number): Result<void, ChangeFailure>;
  /** `to` becomes the same file as `from`, in place of what stands there: another name of it, or a copy where that cannot be. */
  share(from: string, to: string): Result<void, ChangeFailure>;
  rename(from: string, to: string): Result<void, ChangeFailure>;
  makeDirectory(path: string, mode: number): Result<void, ChangeFailure>;
  /** Gives the directory itself to an owner, and nothing below it. */
  own(path: string, uid: number, gid: number): Result<void, ChangeFailure>;
  /** A file or a link, or an empty directory; nothing there is fine. */
  remove(path: string): Result<void, ChangeFailure>;
  removeTree(path: string): Result<void, ChangeFailure>;
}
