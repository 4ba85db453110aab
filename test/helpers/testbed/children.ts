import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Exit {
  /** Exit status; null when a signal ended it. */
  exit: number | null;
  signal: NodeJS.Signals | null;
}

export interface Ran extends Exit {
  stdout: string;
  stderr: string;
}

export interface Child {
  pid: number;
  exited: Promise<Exit>;
  /** True until the process has ended. */
  running: () => boolean;
  /** Everything it wrote so far, stdout and stderr mixed. */
  output: () => string;
  signal: (signal: NodeJS.Signals) => void;
  /** SIGTERM, then SIGKILL to its whole group at the deadline; returns when it is gone. */
  end: () => Promise<void>;
}

export interface Surroundings {
  /** The whole environment, nothing inherited; what our own programs need unless told. */
  env?: Record<string, string>;
  cwd?: string;
}

export interface Children {
  /** Starts a long-lived process that writes to `logFile`. */
  start: (command: string, argv: string[], logFile: string, surroundings?: Surroundings) => Child;
  /** Runs a command to its end (killed after `timeoutMs`, 120 s unless told). Never throws for an exit status. */
  run: (command: string, argv: string[], surroundings?: Surroundings & { timeoutMs?: number }) => Promise<Ran>;
  /** Ends all that still runs, the newest first. Starting anything afterwards throws. */
  endAll: () => Promise<void>;
  /** The same at once and without waiting, for an `exit` listener. */
  killAll: () => void;
}

/** The smallest environment that the real programs need. */
export const plainEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * The same for our own programs, run from their sources: Node finds what it stripped and compiled before, if this run keeps it (ava.config.js). `seenAt` is where they
 * see what is in the top folder here.
 */
export function environmentOfSources(seenAt = top): Record<string, string> {
  const kept = process.env['NODE_COMPILE_CACHE'];
  if (kept === undefined) return { ...plainEnvironment };
  return {
    ...plainEnvironment,
    NODE_COMPILE_CACHE: join(seenAt, relative(top, kept)),
    NODE_COMPILE_CACHE_PORTABLE: '1',
  };
}

const top = resolve(import.meta.dirname, '../../..');
const graceMs = 8000;

/**
 * Starts processes, each in a group of its own, and remembers them until they end. The kernel ends
 * them too when this process is killed with SIGKILL (setpriv --pdeathsig, prctl(2) PR_SET_PDEATHSIG).
 */
export function startingChildren(): Children {
  const alive = new Map<number, ChildProcess>();
  let closed = false;

  const launch = (command: string, argv: string[], stdio: StdioOptions, surroundings: Surroundings) => {
    if (closed) throw new Error(`${command} is not started: the sandbox is closed`);
    const [program, ...rest] = existsSync(setpriv)
      ? [setpriv, '--pdeathsig', 'TERM', '--', command, ...argv]
      : [command, ...argv];
    const child = spawn(program ?? command, rest, {
      detached: true,
      stdio,
      env: surroundings.env ?? environmentOfSources(),
      ...(surroundings.cwd === undefined ? {} : { cwd: surroundings.cwd }),
    });
    const { pid } = child;
    if (pid !== undefined) alive.set(pid, child);
    const exited = new Promise<Exit>((resolve) => {
      const ended = (exit: number | null, signal: NodeJS.Signals | null) => {
        if (pid !== undefined) alive.delete(pid);
        resolve({ exit, signal });
      };
      child.once('exit', ended);
      child.once('error', () => ended(127, null));
    });
    return { child, exited };
  };

  const start: Children['start'] = (command, argv, logFile, surroundings = {}) => {
    const log = openSync(logFile, 'a');
    const { child, exited } = launch(command, argv, ['ignore', log, log], surroundings);
    closeSync(log);
    const pid = child.pid ?? 0;
    if (pid === 0) throw new Error(`${command} could not be started`);
    const running = () => child.exitCode === null && child.signalCode === null;
    return {
      pid,
      exited,
      running,
      output: () => readFileSync(logFile, 'utf8'),
      signal: (signal) => void (running() && child.kill(signal)),
      end: () => end(child, exited),
    };
  };

  const run: Children['run'] = async (command, argv, surroundings = {}) => {
    const { child, exited } = launch(command, argv, ['ignore', 'pipe', 'pipe'], surroundings);
    const texts = Promise.all([gather(child.stdout), gather(child.stderr)]);
    const kill = setTimeout(() => killGroup(child.pid, 'SIGKILL'), surroundings.timeoutMs ?? 120_000);
    const ended = await exited;
    clearTimeout(kill);
    const [stdout, stderr] = await texts;
    return { ...ended, stdout, stderr };
  };

  return {
    start,
    run,
    async endAll() {
      closed = true;
      for (const child of [...alive.values()].toReversed()) {
        await end(child, new Promise((resolve) => child.once('exit', () => resolve({ exit: null, signal: null }))));
      }
    },
    killAll() {
      for (const pid of alive.keys()) killGroup(pid, 'SIGKILL');
    },
  };
}

const setpriv = '/usr/bin/setpriv';

async function end(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    const deadline = new AbortController();
    await Promise.race([exited, pause(graceMs, undefined, { signal: deadline.signal }).catch(() => undefined)]);
    deadline.abort();
  }
  // Also when the leader ended by itself: what it started may live on in its group.
  killGroup(child.pid, 'SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await exited;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}

async function gather(stream: NodeJS.ReadableStream | null): Promise<string> {
  const parts: Buffer[] = [];
  if (stream) for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
