import { jsonLine, printable } from '@certherd/command-line/printable';
import { byCommand } from './by-command.ts';
import { chosenHost } from './chosen-host.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './database.ts';

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
    const found = chosenHost(wanted, (await store.facts()).hosts);
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
    if (options.json) console.print(jsonLine({ version: 1, agentId, name, revokedAt }));
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
