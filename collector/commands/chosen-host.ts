import { printable } from '@certherd/command-line/printable';
import type { HostFacts } from '../store/facts.ts';

/** By agent id, or by a name that only one host has; revoked ones are done with. */
export function chosenHost(wanted: string, hosts: readonly HostFacts[]): { host: HostFacts } | { mistake: string } {
  const fitting = hosts.filter(({ agentId, name }) => agentId === wanted || name === wanted);
  const live = fitting.filter(({ revokedAt }) => revokedAt === undefined);
  const [one, ...more] = live;
  const shown = printable(wanted).slice(0, 200);
  if (one && more.length === 0) return { host: one };
  if (one) {
    const ids = live.map(({ agentId }) => agentId).join(', ');
    return { mistake: `${live.length} hosts are named ${shown}: name one by its agent id: ${ids}` };
  }
  const [gone] = fitting;
  return {
    mistake: gone
      ? `${shown} was revoked ${new Date(gone.revokedAt ?? 0).toISOString()} already`
      : `no host is named ${shown}: certherd-collector host list tells names and agent ids`,
  };
}
