import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnvironment, type Ran } from './children.ts';
import { guestImage } from './guest-image.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** Where containers run: storage, network and processes of their own, which end with the sandbox. */
export interface ContainerHost {
  /** Runs a program beside the containers, in their network; podman as any other. */
  run: (command: string, argv: string[]) => Promise<Ran>;
  /** One that must end with 0, and what it printed. */
  must: (command: string, ...argv: string[]) => Promise<string>;
  /** Starts one that stays. */
  start: (command: string, argv: string[], log: string) => ReturnType<Sandbox['start']>;
  /** Ends it with all that runs in it. The sandbox would do so too, but unshare lets it wait. */
  close: () => void;
}

const tools = ['/usr/bin/podman', '/usr/bin/crun', '/usr/bin/unshare', '/usr/sbin/debootstrap'];

/** Why no container can be run here; undefined where it can. */
export function containersAreImpossible(): string | undefined {
  if (process.getuid?.() !== 0) return 'containers need root here';
  const missing = tools.filter((tool) => !existsSync(tool));
  return missing.length > 0 ? `missing: ${missing.join(', ')} (scripts/setup package installs them)` : undefined;
}

/** A sandbox may be without the right to raise limits, and what podman asks for by itself is more. */
export const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** What images are made from here: no registry is asked. */
export const baseImage = 'docker.io/library/debian:bookworm-slim';

/** Podman in namespaces of its own. `baseImage` is there: the distribution's smallest system, from the guests' image. */
export async function openContainerHost(sandbox: Sandbox): Promise<ContainerHost> {
  const image = await guestImage(sandbox);
  const storage = join(sandbox.directory, 'storage.conf');
  const places = `runroot = "${sandbox.folder('run')}"\ngraphroot = "${sandbox.folder('containers')}"\n`;
  writeFileSync(storage, `[storage]\ndriver = "overlay"\n${places}`);
  const apart = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const holder = sandbox.start(
    '/usr/bin/unshare',
    [...apart, '--', '/bin/sh', '-c', preparing],
    join(sandbox.directory, 'containers.log'),
  );
  const inner = await until(
    'the namespaces are there',
    () => {
      const [pid = 0] = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').split(' ').map(Number);
      return pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep' && pid;
    },
    { hopeless: () => (holder.running() ? undefined : holder.output()) },
  );
  const within = ['--target', String(inner), '--mount', '--pid', '--net', '--wd=/', '--'];
  const options = { env: { ...plainEnvironment, CONTAINERS_STORAGE_CONF: storage }, timeoutMs: 300_000 };
  const run: ContainerHost['run'] = (command, argv) =>
    sandbox.run('/usr/bin/nsenter', [...within, command, ...argv], options);
  const must: ContainerHost['must'] = async (command, ...argv) => {
    const { exit, stdout, stderr } = await run(command, argv);
    if (exit !== 0) throw new Error(`${command} ${argv.join(' ')}: ${exit}: ${stderr}${stdout.slice(-2000)}`);
    return stdout;
  };
  // What the slim image leaves out is left out here too, and what only guests have.
  const base = join(sandbox.directory, 'base.tar');
  const left = ['./usr/share', './usr/lib/python3*', './var/lib/apt', './var/cache', './etc/nginx', './etc/apache2'];
  await must('tar', '--directory', image, ...left.map((path) => `--exclude=${path}`), '--create', '--file', base, '.');
  await must('podman', 'import', '--quiet', base, baseImage);
  return {
    run,
    must,
    start: (command, argv, log) => sandbox.start('/usr/bin/nsenter', [...within, command, ...argv], log, options),
    close: () => void process.kill(inner, 'SIGKILL'),
  };
}

/** crun refuses to run beside cgroups of both versions. */
const preparing = `
set -e
mount -t tmpfs run /run
if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi
ip link set lo up
exec sleep infinity
`;
