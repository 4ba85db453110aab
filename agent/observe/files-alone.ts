import type { Files } from '../ports.ts';
import type { Observations } from './observations.ts';

const systemdPrograms = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'];

/**
 * The observations of a tree that does not run as this host does: what tells of a running system is left out. A timer that is
 * enabled counts where systemd is installed; when it, or certbot, ran last says when the tree was copied and no more.
 */
export function filesAlone(observations: Observations, files: Files): Observations {
  const { runners, unreadable, clients } = observations.machinery;
  const installed = systemdPrograms.some((program) => files.resolve(program).ok);
  const unstarted = runners.map(({ kind, name, path, state, service }) => ({
    kind,
    name,
    path,
    state: installed && kind === 'timer' && state === 'no-daemon' ? ('active' as const) : state,
    ...(service !== undefined && { service }),
  }));
  return { ...observations, machinery: { systemd: installed, runners: unstarted, unreadable, clients } };
}
