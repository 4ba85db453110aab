import fs from 'node:fs';
import path from 'node:path';
import { makeDirectory } from './make-directory.ts';

type LockName = 'action' | 'run' | 'certherd-install' | 'certherd-upgrade';

/** Where those are that are not one state directory's: gone with a reboot, as whoever holds a lock is. */
export const sharedLocks = '/run';

/**
 * One holder at a time among all processes. The lock is a file that names its holder by pid and start time; a
 * holder that died leaves a file that nobody matches, and the next one takes it over.
 */
export function takeLock(directory: string, name: LockName): { release(): void } | undefined {
  makeDirectory(directory);
  const lock = path.join(directory, `${name}.lock`);
  const own = `${lock}.${process.pid}`;
  const me = `${process.pid} ${startTime(process.pid) ?? ''}\n`;
  try {
    fs.writeFileSync(own, me, { mode: 0o600 });
    for (let tries = 0; tries < 3; tries++) {
      if (linked(own, lock)) return { release: () => releaseIfOwn(lock, me) };
      if (isHeld(read(lock))) return undefined;
      renamed(lock, `${own}.stale`);
      // Between the look and the rename another process may have taken the lock: then it gets it back.
      if (isHeld(read(`${own}.stale`))) {
        linked(`${own}.stale`, lock);
        return undefined;
      }
    }
    return undefined;
  } finally {
    fs.rmSync(own, { force: true });
    fs.rmSync(`${own}.stale`, { force: true });
  }
}

/** Does a living process hold this lock? */
export function isLocked(directory: string, name: LockName): boolean {
  return lockHolder(directory, name) !== undefined;
}

/** The living process that holds this lock, by its pid. */
export function lockHolder(directory: string, name: LockName): number | undefined {
  const text = read(path.join(directory, `${name}.lock`));
  return isHeld(text) ? Number(text?.split(' ')[0]) : undefined;
}

/** link() fails where the name exists: the one atomic step. */
function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function renamed(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function releaseIfOwn(lock: string, me: string): void {
  if (read(lock) === me) fs.rmSync(lock, { force: true });
}

function isHeld(text: string | undefined): boolean {
  const [pid, start] = (text ?? '').trim().split(' ');
  const running = pid && /^\d+$/.test(pid) ? startTime(Number(pid)) : undefined;
  return running !== undefined && running === start;
}

/**
 * Field 22 of /proc/PID/stat: ticks since boot, which tells a process from a later one with the same pid. None of one that has ended and
 * that nobody has waited for (field 3, Z or X): in a container without an init it stays so for ever.
 */
function startTime(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return /^[ZX]/i.test(fields[0] ?? '') ? undefined : fields[19];
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
