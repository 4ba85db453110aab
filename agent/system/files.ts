import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { failed, type FailureReason, type Result, success } from '@certherd/protocol/failure';
import type { FileContent, Files, FileStatus } from '../ports.ts';
import { nameOfBytes, pathBytes } from './path-bytes.ts';

/** Largest file that is read, in bytes. */
export const maxFileBytes = 1024 * 1024;

/** The machine's own files. Synchronous: for small files that is twice as fast as promises. */
export function systemFiles(): Files {
  return {
    read: (path) => attempt(path, () => readRegularFile(path)),
    list: (path) => attempt(path, () => success(namesIn(path).sort())),
    resolve: (path) => attempt(path, () => success(realpathSync.native(pathBytes(path)))),
    linkChangedAt: (path) => attempt(path, () => success(lstatSync(pathBytes(path)).mtimeMs)),
    status: (path) => attempt(path, () => statusOf(path)),
  };
}

/** Of what is not there without an exception: looks ask for many files that mostly are not. */
function statusOf(path: string): Result<FileStatus> {
  const status = statSync(pathBytes(path), { throwIfNoEntry: false });
  if (!status) return failed('not-found', `${path} does not exist`);
  const { dev: device, ino: inode, size, mtimeMs: modifiedAt, ctimeMs: changedAt } = status;
  return success({ device, inode, size, modifiedAt, changedAt });
}

function namesIn(path: string): string[] {
  const names = readdirSync(pathBytes(path), { encoding: 'utf8' });
  // a name that could not be decoded, or one that holds this very character
  if (!names.some((name) => name.includes('\ufffd'))) return names;
  return readdirSync(pathBytes(path), { encoding: 'buffer' }).map(nameOfBytes);
}

function readRegularFile(path: string): Result<FileContent> {
  // Node adds O_CLOEXEC to every open.
  const descriptor = openSync(pathBytes(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return notRegular(path);
    const bytes = status.size > maxFileBytes ? undefined : readAtMost(descriptor, status.size);
    if (!bytes) return failed('too-large', `${path} has more than ${maxFileBytes} bytes`);
    return success({ bytes, modifiedAt: status.mtimeMs, mode: status.mode & 0o7777 });
  } finally {
    closeSync(descriptor);
  }
}

/** All bytes, or undefined when there are too many. A file that tells no size (/proc) is read until it ends. */
function readAtMost(descriptor: number, size: number): Uint8Array | undefined {
  let buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0 || length === size) return buffer.subarray(0, length);
    if (length > maxFileBytes) return undefined;
    if (length === buffer.length) buffer = larger(buffer);
  }
}

function larger(buffer: Buffer): Buffer<ArrayBuffer> {
  const next = Buffer.allocUnsafeSlow(Math.min(Math.max(buffer.length * 2, 4096), maxFileBytes + 1));
  buffer.copy(next);
  return next;
}

function notRegular(path: string): ReturnType<typeof failed> {
  return failed('not-a-regular-file', `${path} is not a regular file`);
}

/** A look whose exceptions of the file system become failures that name `path`. */
export function attempt<T>(path: string, look: () => Result<T>): Result<T> {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const [reason, words] = failures.get(code) ?? (['io-error', `cannot be read (${code})`] as const);
    return failed(reason, `${path} ${words}`);
  }
}

/** By errno name; ERR_INVALID_ARG_VALUE is Node's answer to a NUL inside a path, which no file can have. */
const failures: ReadonlyMap<string, readonly [FailureReason, string]> = new Map<
  string,
  readonly [FailureReason, string]
>([
  ['ENOENT', ['not-found', 'does not exist']],
  ['ENOTDIR', ['not-found', 'does not exist: a part of its path is not a directory']],
  ['ENAMETOOLONG', ['not-found', 'does not exist: its name is too long']],
  ['ERR_INVALID_ARG_VALUE', ['not-found', 'does not exist: a path cannot hold a NUL character']],
  ['EACCES', ['permission-denied', 'may not be read']],
  ['EPERM', ['permission-denied', 'may not be read']],
  ['ELOOP', ['link-broken', 'is a link that leads round in a circle']],
  ['ENXIO', ['not-a-regular-file', 'is not a regular file']],
  ['EISDIR', ['not-a-regular-file', 'is not a regular file']],
]);
