import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import { besideOf } from '../formats/beside.ts';
import type { ChangeFailure, HostFiles, Standing } from '../host-ports.ts';

/** The machine's own files, changed by root; those of the tree below `root` where that is given. */
export function systemHostFiles(root = ''): HostFiles {
  const at = (file: string) => `${root}${file}`;
  return {
    standing: (file) => standingAt(at(file)),
    text: (file) => read(() => fs.readFileSync(at(file), 'utf8')),
    names: (directory) => read(() => fs.readdirSync(at(directory)).sort()) ?? [],
    digest: (file) => read(() => digestOf(at(file))),
    beginning: (file, bytes) => read(() => beginningOf(at(file), bytes)),
    freeBytes: (directory) => read(() => freeBytesOf(at(directory))) ?? 0,
    closed(directory) {
      const tried = attempt(directory, () => fs.accessSync(at(directory), fs.constants.W_OK | fs.constants.X_OK));
      return tried.ok ? undefined : tried.failure;
    },
    write: (file, content, mode) =>
      attempt(file, () =>
        placed(at(file), mode, (beside) => fs.writeFileSync(beside, content, { flag: 'wx', mode: 0o600 })),
      ),
    copy: (from, to, mode) => attempt(to, () => placed(at(to), mode, (beside) => copy(at(from), beside))),
    share: (from, to) => attempt(to, () => placed(at(to), undefined, (beside) => linkOrCopy(at(from), beside))),
    rename: (from, to) =>
      attempt(to, () => {
        fs.renameSync(at(from), at(to));
        synced(path.dirname(at(to)));
      }),
    makeDirectory: (directory, mode) =>
      attempt(directory, () => {
        fs.mkdirSync(at(directory), { mode: 0o700 });
        fs.chmodSync(at(directory), mode);
        synced(path.dirname(at(directory)));
      }),
    own: (directory, uid, gid) => attempt(directory, () => fs.lchownSync(at(directory), uid, gid)),
    remove: (file) =>
      attempt(file, () => {
        fs.rmSync(besideOf(at(file)), { force: true });
        const found = standingAt(at(file));
        if (found?.kind === 'directory') fs.rmdirSync(at(file));
        else if (found) fs.rmSync(at(file));
        if (found) synced(path.dirname(at(file)));
      }),
    removeTree: (directory) => attempt(directory, () => fs.rmSync(at(directory), { recursive: true, force: true })),
  };
}

/** Made beside under a name that nothing reads, synced, and renamed over the old one. */
function placed(file: string, mode: number | undefined, make: (beside: string) => void): void {
  const beside = besideOf(file);
  fs.rmSync(beside, { force: true });
  try {
    make(beside);
    if (mode !== undefined) fs.chmodSync(beside, mode);
    synced(beside);
    fs.renameSync(beside, file);
    // rename(2) leaves both names where they are one file already.
    fs.rmSync(beside, { force: true });
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw error;
  }
  synced(path.dirname(file));
}

/** For root alone until it is whole: neither writable nor setuid by the mode of what is copied. */
function copy(from: string, to: string): void {
  const target = fs.openSync(to, 'wx', 0o600);
  try {
    inChunks(from, (chunk) => fs.writeFileSync(target, chunk));
    fs.fsyncSync(target);
  } finally {
    fs.closeSync(target);
  }
}

/** Some file systems have no second names. */
function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (!['EPERM', 'EMLINK', 'EXDEV', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error;
    copy(from, to);
    fs.chmodSync(to, fs.statSync(from).mode & 0o777);
  }
}

function synced(file: string): void {
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function standingAt(file: string): Standing | undefined {
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  const { uid, gid, mode, size, mtimeMs: modifiedAt } = found;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'other';
  return { kind, uid, gid, mode: mode & 0o7777, size, modifiedAt };
}

function digestOf(file: string): string {
  const hash = createHash('sha256');
  inChunks(file, (chunk) => hash.update(chunk));
  return hash.digest('hex');
}

function inChunks(file: string, take: (chunk: Buffer) => void): void {
  const descriptor = fs.openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    for (;;) {
      const length = fs.readSync(descriptor, chunk);
      if (length === 0) return;
      take(chunk.subarray(0, length));
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

function beginningOf(file: string, bytes: number): Uint8Array {
  const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const chunk = Buffer.alloc(bytes);
    return chunk.subarray(0, fs.readSync(descriptor, chunk, 0, bytes, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}

function freeBytesOf(directory: string): number {
  const { bavail, bsize } = fs.statfsSync(directory);
  return bavail * bsize;
}

function read<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function attempt(file: string, work: () => void): Result<void, ChangeFailure> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return { ok: false, failure: { reason: reasons.get(code) ?? 'io-error', detail: `${file}: ${code}` } };
  }
}

const reasons = new Map<string, ChangeFailure['reason']>([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'permission-denied'],
  ['EPERM', 'permission-denied'],
]);

/** Of an error of the system; undefined of a mistake in this program. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
