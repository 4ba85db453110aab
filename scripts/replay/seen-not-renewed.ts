import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trustRoot } from '../../test/helpers/lineage-content.ts';
import { mintChain } from '../../test/helpers/mint.ts';
import { site } from '../../test/helpers/testbed/nginx.ts';
import { runRemedy } from '../stage/remedy.ts';
import type { Outage } from './outage.ts';
import { servedAt } from './shop.ts';

const name = 'hand.example.test';
const day = 86_400_000;

/** It is in the list with its date, and nothing on the host is going to renew it. */
export const seenNotRenewed: Outage = {
  name: 'seen-not-renewed',
  title: 'a certificate that everybody sees, and nobody renews',
  sources: ['fabriziosalmi/certmate #759'],
  mode: 'renew',
  async befall({ host }, tell) {
    const life = { notBefore: new Date(Date.now() - 65 * day), notAfter: new Date(Date.now() + 25 * day) };
    const { root, leaf, fullchain } = await mintChain({ names: [name], ...life });
    trustRoot(host, root.pem);
    const folder = host.sandbox.folder('by-hand');
    const pair = { certificate: join(folder, 'hand.pem'), key: join(folder, 'hand.key') };
    writeFileSync(pair.certificate, fullchain);
    writeFileSync(pair.key, leaf.keyPem, { mode: 0o600 });
    host.nginx.writeSite('hand', site({ serverNames: [name], port: host.tlsPort, pairs: [pair] }));
    const since = Date.now();
    await host.nginx.reloadWhole();
    const byHand = await servedAt(host, name);
    tell(`${name} is served with a certificate that was put there by hand; 25 of 90 days are left`);
    return {
      since,
      code: 'unmanaged',
      about: ({ subject }) => subject.id === pair.certificate,
      cause: /belongs to no certbot lineage, and no other client here is known to renew it/,
      healedBy: 'the remedy as printed',
      async heal({ remedy }) {
        // The same command with the answer to the question that it asks.
        await runRemedy(host.sandbox, `${remedy} --yes`);
      },
      isOver: async () => (await servedAt(host, name)) !== byHand,
    };
  },
};
