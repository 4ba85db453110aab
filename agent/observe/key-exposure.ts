import { dirname } from 'node:path';
import type { Failure, Result } from '@certherd/protocol/failure';
import type { Steps } from '../formats/steps.ts';
import type { Files, PathPermissions, Permissions } from '../ports.ts';
import type { Accounts } from './accounts.ts';

/** Who can get at a private key besides root, its owner and the server. */
export interface KeyFileObservation {
  /** As the deployment or the lineage names it. */
  path: string;
  /** Where that leads once all links are followed. */
  file?: string;
  mode?: number;
  owner?: string;
  group?: string;
  /** Every local account can read it: the file is open to others, and so is every directory above it. */
  readableByAll: boolean;
  /** The file's group can read it, and has these members besides its owner and root; absent where it cannot. */
  groupReaders?: string[];
  /** Directories above it in which every account may put another file in its place. */
  replaceableIn: string[];
  failure?: Failure;
}

/** Fields of Observations that `exposedKey` judges. */
export interface KeyFilesObserved {
  keyFiles: KeyFileObservation[];
}

/**
 * Looks at the permissions of each key file (paths as configured, repeats and values that are no paths are passed over).
 * A file that others may read is of no use to them under a directory that they may not enter: certbot's own archive and
 * live directories are 0700, and before version 0.29 the keys in them 0644. `trustedGroups` may read keys by the host's own rules.
 */
export function* keyFileSteps(
  { files, permissions }: { files: Files; permissions: Permissions },
  accounts: Accounts,
  keyPaths: readonly string[],
  trustedGroups: readonly string[] = [],
): Steps<KeyFileObservation[]> {
  const trusted = new Set([...ownGroups, ...trustedGroups]);
  const once = rememberingDirectories(permissions);
  const observed: KeyFileObservation[] = [];
  for (const path of new Set(keyPaths)) {
    if (!path.startsWith('/')) continue;
    observed.push(observeKeyFile(files, once, accounts, trusted, path));
    yield;
  }
  return observed;
}

/** root's own, Debian's group for keys, and the groups that server programs run as. */
const ownGroups = ['root', 'ssl-cert', 'www-data', 'nginx', 'apache', 'haproxy', 'http', 'wwwrun', 'www'];

function observeKeyFile(
  files: Files,
  permissions: Permissions,
  accounts: Accounts,
  trusted: ReadonlySet<string>,
  path: string,
): KeyFileObservation {
  const nobody = { path, readableByAll: false, replaceableIn: [] };
  const real = files.resolve(path);
  if (!real.ok) return { ...nobody, failure: real.failure };
  const status = permissions.of(real.value);
  if (!status.ok) return { ...nobody, failure: status.failure };
  const { mode, uid, gid } = status.value;
  const above = directoriesAbove(permissions, real.value);
  const entered = (may: (directory: PathPermissions) => boolean) => above.every(([, directory]) => may(directory));
  const byOthers = (directory: PathPermissions) => (directory.mode & 0o001) !== 0;
  const byGroup = (directory: PathPermissions) => (directory.mode & (directory.gid === gid ? 0o010 : 0o001)) !== 0;

  const group = accounts.groupName(gid);
  const owner = accounts.userName(uid);
  const members = accounts.members(gid).filter((name) => name !== owner && name !== 'root');
  // a group that no file lists may have members in a directory service
  const groupMayRead = (mode & 0o040) !== 0 && !trusted.has(group ?? '') && gid !== 0 && entered(byGroup);
  const readers = groupMayRead ? (group === undefined ? [`group ${gid}`] : members) : [];
  // both ways lead to the key: by the name that the server opens, and by the file behind it
  const ways = [above, directoriesAbove(permissions, path)];
  return {
    path,
    file: real.value,
    mode,
    owner,
    group: group ?? String(gid),
    readableByAll: (mode & 0o004) !== 0 && entered(byOthers),
    ...(readers.length > 0 ? { groupReaders: readers } : {}),
    replaceableIn: [...new Set(ways.flatMap(replaceable))],
  };
}

/** Thousands of keys share a few directories: each is looked at once. */
function rememberingDirectories(permissions: Permissions): Permissions {
  const known = new Map<string, Result<PathPermissions>>();
  return {
    of(path) {
      const answer = known.get(path) ?? permissions.of(path);
      known.set(path, answer);
      return answer;
    },
  };
}

/** From the file's own directory up to "/"; what cannot be looked at counts as closed. */
function directoriesAbove(permissions: Permissions, file: string): (readonly [string, PathPermissions])[] {
  const closed: PathPermissions = { mode: 0, uid: 0, gid: 0 };
  const above: (readonly [string, PathPermissions])[] = [];
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const status = permissions.of(directory);
    above.push([directory, status.ok ? status.value : closed]);
    if (directory === dirname(directory)) return above;
  }
}

/** A sticky directory, as /tmp, lets nobody move what another one owns. */
function replaceable(above: readonly (readonly [string, PathPermissions])[]): string[] {
  return above
    .filter(([, { mode }], index) => {
      const reached = above.slice(index + 1).every(([, higher]) => (higher.mode & 0o001) !== 0);
      return (mode & 0o003) === 0o003 && (mode & 0o1000) === 0 && reached;
    })
    .map(([directory]) => directory);
}
