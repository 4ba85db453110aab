import fs from 'node:fs';
import path from 'node:path';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { ConfigFiles } from '../ports.ts';

/** The machine's own config files, replaced one at a time. */
export function systemConfigFiles(): ConfigFiles {
  return {
    replaceable: (file) =>
      attempt(() => {
        const way = wayTo(file);
        return way.ok ? writable(way.value) : way;
      }),
    replace: (file, target, bytes) =>
      attempt(() => {
        const way = wayTo(file);
        if (!way.ok) return way;
        if (way.value !== target)
          return failed('links-disagree', `${file} leads to ${way.value} now, not to ${target}`);
        const may = writable(target);
        if (!may.ok) return may;
        replace(target, bytes);
        return success(undefined);
      }),
  };
}

function writable(target: string): Result<void> {
  try {
    fs.accessSync(target, fs.constants.W_OK);
    fs.accessSync(path.dirname(target), fs.constants.W_OK | fs.constants.X_OK);
  } catch {
    return failed('permission-denied', `${target} may not be replaced (a read-only mount, or rights that are missing)`);
  }
  return success(undefined);
}

/** As the kernel does (ELOOP, path_resolution(7)). */
const linksAtMost = 40;

/**
 * The file that a path leads to, links followed one by one: refused where another user could swap a link or a directory on the
 * way while this process writes there.
 */
function wayTo(file: string): Result<string> {
  let at = '/';
  let left = path.resolve(file).split('/');
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = path.dirname(at);
      continue;
    }
    if (isForeign(fs.lstatSync(at))) return swappable(file, at);
    const next = path.join(at, name);
    const entry = fs.lstatSync(next);
    if (!entry.isSymbolicLink()) {
      at = next;
      continue;
    }
    // in a sticky directory a link's own owner may still swap it
    if (!isOurs(entry)) return swappable(file, next);
    links += 1;
    if (links > linksAtMost) return failed('link-broken', `${file}: too many links`);
    const led = fs.readlinkSync(next);
    if (path.isAbsolute(led)) at = '/';
    left = [...led.split('/'), ...left];
  }
  return success(at);
}

function swappable(file: string, place: string): Result<never> {
  return failed('permission-denied', `${file}: others may change ${place}, so nothing is written there`);
}

function isForeign(directory: fs.Stats): boolean {
  const isSticky = (directory.mode & 0o1000) !== 0;
  return !isOurs(directory) || ((directory.mode & 0o022) !== 0 && !isSticky);
}

function isOurs({ uid }: fs.Stats): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** A name that begins with a dot fits no "*" of an include (glob(7)); one that a killed process left is written over. */
function replace(target: string, bytes: Uint8Array): void {
  const directory = path.dirname(target);
  const beside = path.join(directory, `.certherd-${path.basename(target)}`);
  const { uid, gid, mode } = fs.statSync(target);
  fs.rmSync(beside, { force: true });
  try {
    const descriptor = fs.openSync(beside, 'wx', 0o600);
    try {
      fs.writeFileSync(descriptor, bytes);
      fs.fchownSync(descriptor, uid, gid);
      fs.fchmodSync(descriptor, mode & 0o7777);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(beside, target);
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw error;
  }
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function attempt(work: () => Result<void>): Result<void> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return failed('io-error', error.message);
  }
}
