import fs from 'node:fs';
import path from 'node:path';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { ConfigFiles } from '../ports.ts';

/** The machine's own config files, replaced one at a time. */
export function systemConfigFiles(): ConfigFiles {
  return {
    replaceable: (file) => attempt(() => replaceable(fs.realpathSync(file))),
    replace: (file, bytes) =>
      attempt(() => {
        const target = fs.realpathSync(file);
        const may = replaceable(target);
        if (!may.ok) return may;
        replace(target, bytes);
        return success(undefined);
      }),
  };
}

function replaceable(target: string): Result<void> {
  const foreign = openDirectory(path.dirname(target));
  if (foreign)
    return failed('permission-denied', `${target}: others may change ${foreign}, so nothing is written there`);
  try {
    fs.accessSync(target, fs.constants.W_OK);
    fs.accessSync(path.dirname(target), fs.constants.W_OK | fs.constants.X_OK);
  } catch {
    return failed('permission-denied', `${target} may not be replaced (a read-only mount, or rights that are missing)`);
  }
  return success(undefined);
}

/** The first directory on the way whose entries another user could swap while this process writes there. */
function openDirectory(directory: string): string | undefined {
  const { uid, mode } = fs.statSync(directory);
  const isOurs = uid === 0 || uid === process.geteuid?.();
  const isSticky = (mode & 0o1000) !== 0;
  if (!isOurs || ((mode & 0o022) !== 0 && !isSticky)) return directory;
  return directory === '/' ? undefined : openDirectory(path.dirname(directory));
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
