import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { LookPorts } from '../ports.ts';
import { attempt, systemFiles } from './files.ts';
import { systemLogEnd } from './log-end.ts';
import { systemPermissions } from './permissions.ts';

/** O_PATH of Linux: a place in the tree, with no right to its content. */
const pathOnly = 0o10000000;

/** As many links as the kernel follows in one path (path_resolution(7)). */
const maxLinks = 40;

/**
 * Files below `root`, as a process sees them whose root directory that is (chroot(2)): absolute links begin at `root`, and ".."
 * does not lead out of it. Each name is opened in the directory that was opened before it and no link is left to the kernel, so
 * that nothing which changes meanwhile leads out either. Paths, also those in failures, are as inside.
 */
export function rootedFiles(root: string): Pick<LookPorts, 'files' | 'permissions' | 'logEnd'> {
  const files = systemFiles();
  const permissions = systemPermissions();
  const logEnd = systemLogEnd();
  return {
    files: {
      read: (path) => inside(root, path, (found) => ofRegular(found, (place) => files.read(place))),
      list: (path) => inside(root, path, ({ place }) => files.list(place)),
      resolve: (path) => inside(root, path, ({ path: resolved }) => success(resolved)),
      linkChangedAt: (path) => inside(root, path, ({ status }) => success(status.mtimeMs), 'kept'),
    },
    permissions: { of: (path) => inside(root, path, ({ place }) => permissions.of(place)) },
    logEnd: (path, atMost) => inside(root, path, (found) => ofRegular(found, (place) => logEnd(place, atMost))),
  };
}

/** Whoever made the tree may have put a device there, and to open one can do something: a watchdog's begins to count down. */
function ofRegular<T>({ place, status }: Place, look: (place: string) => Result<T>): Result<T> {
  return status.isFile() ? look(place) : failed('not-a-regular-file', `${place} is not a regular file`);
}

interface Opened {
  descriptor: number;
  name: string;
  status: Stats;
}

interface Place {
  /** Leads to what was opened, whatever its name leads to by now. */
  place: string;
  /** Where it is, as inside. */
  path: string;
  status: Stats;
}

function inside<T>(
  root: string,
  path: string,
  look: (found: Place) => Result<T>,
  lastLink: 'followed' | 'kept' = 'followed',
): Result<T> {
  const way: Opened[] = [];
  const leave = () => closeSync(way.pop()?.descriptor ?? -1);
  try {
    return attempt(path, () => {
      way.push(opened(root, '', constants.O_DIRECTORY));
      const ahead = namesOf(path);
      let links = 0;
      for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
        const here = way.at(-1);
        if (!here?.status.isDirectory()) return failed('not-found', notDirectory(path));
        if (name === '.') continue;
        if (name === '..') {
          if (way.length > 1) leave();
          continue;
        }
        const below = `${placeOf(here)}/${name}`;
        const next = opened(below, name, constants.O_NOFOLLOW);
        way.push(next);
        if (!next.status.isSymbolicLink() || (ahead.length === 0 && lastLink === 'kept')) continue;
        leave();
        links += 1;
        if (links > maxLinks) return failed('link-broken', `${path} is a link that leads round in a circle`);
        const target = readlinkSync(below);
        if (target.startsWith('/')) while (way.length > 1) leave();
        ahead.unshift(...namesOf(target));
      }
      const last = way.at(-1);
      if (!last) return failed('not-found', `${path} does not exist`);
      const resolved = `/${way
        .slice(1)
        .map(({ name }) => name)
        .join('/')}`;
      const place = placeOf(last);
      const answer = look({ place, path: resolved, status: last.status });
      return answer.ok
        ? answer
        : failed(
            answer.failure.reason,
            answer.failure.detail.replace(place, () => path),
          );
    });
  } finally {
    while (way.length > 0) leave();
  }
}

function opened(path: string, name: string, flags: number): Opened {
  const descriptor = openSync(path, pathOnly | flags);
  try {
    return { descriptor, name, status: fstatSync(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function placeOf({ descriptor }: Opened): string {
  return `/proc/self/fd/${descriptor}`;
}

/** A slash at the end asks for a directory, as "." does. */
function namesOf(path: string): string[] {
  return path
    .replace(/\/$/, '/.')
    .split('/')
    .filter((name) => name !== '');
}

function notDirectory(path: string): string {
  return `${path} does not exist: a part of its path is not a directory`;
}
