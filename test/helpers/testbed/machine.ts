import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOfSources, type Ran } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** A host of its own on this one's disk: what is written in it, listens in it or runs in it is seen in it alone. */
export interface Machine {
  run: (command: string, argv: string[], environment?: Readonly<Record<string, string>>) => Promise<Ran>;
  /** Runs a command that must end with 0, and gives what it printed. */
  must: (command: string, ...argv: string[]) => Promise<string>;
  /** Writes a file in it, directories above it included. */
  write: (path: string, text: string) => Promise<void>;
  /** Ends it with all that runs in it; the sandbox would do so too, but unshare lets it wait. */
  close: () => void;
}

/** Can this user make one? Namespaces and mounts are root's. */
export const machinesCanBeMade = process.getuid?.() === 0;

/**
 * Mount, process and network namespaces (loopback alone is up), with an overlay in memory over this machine's root directory,
 * an own /run, and /tmp as outside. It ends with the sandbox, and all that runs in it.
 */
export async function openMachine(sandbox: Sandbox): Promise<Machine> {
  const layer = sandbox.folder('machine');
  const root = join(layer, 'root');
  const holder = sandbox.start(
    '/usr/bin/unshare',
    ['--mount', '--pid', '--net', '--fork', '--kill-child', '--propagation', 'private', '--', 'sleep', 'infinity'],
    join(sandbox.directory, 'machine.log'),
  );
  const inner = await until(
    'the namespaces are there',
    () => {
      const pid = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim().split(' ')[0]);
      return pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep' && pid;
    },
    { hopeless: () => (holder.running() ? undefined : holder.output()) },
  );
  const within = ['--target', String(inner), '--mount', '--pid', '--net', '--'];
  const outer = async (...argv: string[]) =>
    succeeded(argv, await sandbox.run('/usr/bin/nsenter', [...within, ...argv]));
  await outer('mount', '-t', 'tmpfs', 'layer', layer);
  await outer('mkdir', join(layer, 'upper'), join(layer, 'work'), root);
  const layers = `lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work`;
  await outer('mount', '-t', 'overlay', 'root', '-o', layers, root);
  await outer('mount', '-t', 'proc', 'proc', `${root}/proc`);
  await outer('mount', '-t', 'tmpfs', 'run', `${root}/run`);
  await outer('mount', '--bind', '/tmp', `${root}/tmp`);
  await outer('mount', '--bind', '/dev', `${root}/dev`);
  await outer('ip', 'link', 'set', 'lo', 'up');
  const run: Machine['run'] = (command, argv, environment = {}) =>
    sandbox.run('/usr/bin/nsenter', [...within, '/usr/sbin/chroot', root, command, ...argv], {
      env: { ...environmentOfSources(), ...environment },
    });
  const must: Machine['must'] = async (command, ...argv) => succeeded([command, ...argv], await run(command, argv));
  return {
    run,
    must,
    async write(path, text) {
      await must('mkdir', '-p', join(path, '..'));
      await must('/usr/bin/python3', '-c', 'import sys; open(sys.argv[1], "w").write(sys.argv[2])', path, text);
    },
    close: () => void process.kill(inner, 'SIGKILL'),
  };
}

function succeeded(argv: string[], { exit, stdout, stderr }: Ran): string {
  if (exit !== 0) throw new Error(`${argv.join(' ')}: ${exit}: ${stderr}`);
  return stdout;
}
