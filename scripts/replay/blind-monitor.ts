import { join } from 'node:path';
import { shopName } from '../../test/helpers/host.ts';
import { issuedElsewhere } from '../../test/helpers/lineage-content.ts';
import { plainEnvironment } from '../../test/helpers/testbed/children.ts';
import { runRemedy } from '../stage/remedy.ts';
import type { Outage } from './outage.ts';
import { renewed, servedAt } from './shop.ts';

/** Days from now, of the certificate that nginx still has: it ended yesterday. */
const ended = [-91, -1] as const;

/** The certificate has ended, and the status page is green, since its monitor does not look at certificates. */
export const blindMonitor: Outage = {
  name: 'blind-monitor',
  title: 'ended for all clients, while the monitor ignores certificate errors',
  sources: ['veres-one/veres-one #16'],
  mode: 'observe',
  async befall({ host }, tell) {
    await issuedElsewhere(host, ended);
    await host.nginx.reloadWhole();
    const { newest, since } = await renewed(host);
    const roots = join(host.sandbox.directory, 'pebble-root.pem');
    const asked = (flags: string[]) =>
      host.sandbox.run(
        'curl',
        [
          ...flags,
          '--cacert',
          roots,
          '--resolve',
          `${shopName}:${host.tlsPort}:127.0.0.1`,
          `https://${shopName}:${host.tlsPort}/`,
        ],
        { env: plainEnvironment },
      );
    const [monitor, client] = [await asked(['-fsSk']), await asked(['-fsS'])];
    if (monitor.exit !== 0 || !/expired/.test(client.stderr))
      throw new Error(`the monitor ended with ${monitor.exit}, a client with ${client.exit}`);
    tell(`a monitor like theirs (curl -k) is content; a client refuses: ${client.stderr.trim().split('\n')[0]}`);
    return {
      since,
      code: 'expired',
      cause: /; a newer one is on disk and not served$/,
      healedBy: 'the remedy as printed',
      heal: ({ remedy }) => runRemedy(host.sandbox, remedy),
      isOver: async () => (await servedAt(host)) === newest,
    };
  },
};
