import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Children, startingChildren } from './children.ts';
import { type ReservedPort, reservePort } from './ports.ts';

export interface Sandbox extends Pick<Children, 'start' | 'run'> {
  /** Absolute path; all that the parts write is below it. */
  directory: string;
  /** A directory below it, made if it is not there. */
  folder: (name: string) => string;
  /** A free port on 127.0.0.1, kept for this sandbox. */
  port: () => Promise<number>;
  /** Ends every process, gives the ports back and removes the directory. May be called twice. */
  close: () => Promise<void>;
}

export interface SandboxOptions {
  /** Use this directory (made if it is not there) and leave it in place. */
  keep?: string;
  /** What to do on SIGINT, SIGTERM or SIGHUP; unless told, all is closed and the signal is raised again. */
  onSignal?: (signal: NodeJS.Signals) => void;
}

const deadly: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A place of its own for real servers. Nothing of it outlives this process, however that ends. */
export function openSandbox(options: SandboxOptions = {}): Sandbox {
  const directory = options.keep ?? mkdtempSync(join(tmpdir(), 'certherd-'));
  mkdirSync(directory, { recursive: true });
  const children = startingChildren();
  const ports: ReservedPort[] = [];
  let closing: Promise<void> | undefined;

  const close = async () => {
    await children.endAll();
    for (const reserved of ports) reserved.release();
    if (options.keep === undefined) await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    for (const signal of deadly) process.off(signal, onSignal);
    process.off('exit', onExit);
    process.setMaxListeners(process.getMaxListeners() - 1);
  };
  const closeOnce = () => (closing ??= close());
  const onExit = () => {
    children.killAll();
    if (options.keep === undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (options.onSignal) options.onSignal(signal);
    else void closeOnce().then(() => process.kill(process.pid, signal));
  };
  // Each sandbox listens once; a test file may have a dozen of them open.
  process.setMaxListeners(process.getMaxListeners() + 1);
  for (const signal of deadly) process.on(signal, onSignal);
  process.on('exit', onExit);

  return {
    directory,
    start: children.start,
    run: children.run,
    folder(name) {
      const path = join(directory, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    async port() {
      const reserved = await reservePort();
      ports.push(reserved);
      return reserved.port;
    },
    close: closeOnce,
  };
}
