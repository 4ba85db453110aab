import { printable } from '@certherd/command-line/printable';
import type { HostFacts } from '../store/facts.ts';
import { byCommand } from './by-command.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './host.ts';

export interface RevokeOptions extends CommonOptions {
  json?: boolean;
  yes?: boolean;
}

/** `host revoke HOST`: works beside a serving collector, which notices within a second. */
export async function revokeHost(wanted: string, options: RevokeOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const found = chosen(wanted, (await store.facts()).hosts);
    if ('mistake' in found) {
      console.complain(`certherd-collector: ${found.mistake}`);
      return exitCodes.failed;
    }
    const { agentId, name } = found.host;
    if (!options.yes) {
      const question = `Revoke ${printable(name)} (${agentId})? Its agent is cut off for good and has to be enrolled anew.`;
      const agreed = options.json ? undefined : await console.confirm(question);
      if (!agreed) {
        const how = agreed === undefined ? ': --yes does it, and on a terminal you are asked' : '';
        console.complain(`nothing was changed${how}`);
        return exitCodes.failed;
      }
    }
    const at = console.clock.now();
    const kept = await store.revoke(agentId, at, byCommand(console, 'host-revoked', name, { agentId }));
    if (!kept.ok) throw notWritten(config, kept.failure);
    const revokedAt = new Date(at).toISOString();
    if (options.json) console.print(JSON.stringify({ version: 1, agentId, name, revokedAt }));
    else {
      console.print(`${printable(name)} (${agentId}) is revoked: nothing it says is taken any more.`);
      console.complain(
        'To enrol it anew: certherd-collector token create, then on the host certherd-agent enroll --replace JOIN',
      );
    }
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

/** By agent id, or by a name that only one host has; revoked ones are done with. */
function chosen(wanted: string, hosts: readonly HostFacts[]): { host: HostFacts } | { mistake: string } {
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
