import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shopName } from '../../test/helpers/host.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';
import { haproxy, haproxyDefaults } from '../../test/helpers/testbed/haproxy.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { readEstate } from '../stage/estate.ts';
import { short } from '../stage/sites.ts';
import type { Outage } from './outage.ts';
import { renewed } from './shop.ts';

/** The founding incident: the host is right, and what stands in front of it kept its own copy. */
export const loadBalancer: Outage = {
  name: 'load-balancer',
  title: 'renewed, and never installed on the load balancer',
  sources: ['the case study: checkout down for two hours, $47,000'],
  mode: 'deploy',
  async befall({ host, collector }, tell) {
    const { sandbox, certbot } = host;
    const port = await sandbox.port();
    const front = haproxy(sandbox, '', { folder: 'front' });
    const ready = join(front.directory, 'ready.sock');
    const copy = join(front.directory, 'copy.pem');
    front.write(
      'haproxy.cfg',
      `${haproxyDefaults}frontend front\n  bind 127.0.0.1:${port} ssl crt ${copy}\n  bind unix@${ready}\n  default_backend host\nbackend host\n  server web-1 127.0.0.1:${host.tlsPort} ssl verify none\n`,
    );
    const lineage = certbot.lineage('shop');
    const bringCopy = () =>
      front.write('copy.pem', readFileSync(lineage.certificate, 'utf8') + readFileSync(lineage.key, 'utf8'));
    bringCopy();
    const running = await front.start(ready);
    const old = lineage.leaf();
    await collector.command(['target', 'add', `${shopName}:${port}`, '--every', '10s']);
    await until('the collector sees the load balancer', async () => {
      const { targets } = await readEstate(collector.webAddress);
      return targets.some(({ places }) => places.some(({ served }) => served === old));
    });
    tell(`HAProxy at 127.0.0.1:${port} has a copy of ${short(old)}, and the collector asks it every 10 s`);
    const { newest, since } = await renewed(host);
    tell(`certbot renewed ${short(newest)}; the agent loads it into nginx, nobody brings it to HAProxy`);
    return {
      since,
      code: 'front-holds-copy',
      about: ({ evidence }) => evidence['address'] === `127.0.0.1:${port}`,
      cause: /presents one that a host of this fleet had before/,
      healedBy: 'a person, as the remedy says',
      async heal() {
        bringCopy();
        await running.end();
        await front.start(ready);
      },
      isOver: async () => (await handshake(port, shopName, 'ecdsa')).fingerprint === newest,
    };
  },
};
