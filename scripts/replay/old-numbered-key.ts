import { readFileSync, writeFileSync } from 'node:fs';
import { shopName } from '../../test/helpers/host.ts';
import { site } from '../../test/helpers/testbed/nginx.ts';
import { runRemedy } from '../stage/remedy.ts';
import type { Outage } from './outage.ts';
import { halves, renewed, servedAt } from './shop.ts';

/** The config names one numbered key of certbot's archive: after the next renewal it belongs to no certificate, and a restart ends the site. */
export const oldNumberedKey: Outage = {
  name: 'old-numbered-key',
  title: 'nginx names an old numbered key, and stops at its next restart',
  sources: ['healthlocker/healthlocker #1076'],
  mode: 'observe',
  async prepare({ certbot, nginx, tlsPort }) {
    const { certificate, keyTarget } = certbot.lineage('shop');
    nginx.writeSite(
      'shop',
      site({ serverNames: [shopName], port: tlsPort, pairs: [{ certificate, key: keyTarget() }] }),
    );
    await nginx.reloadWhole();
  },
  async befall({ host }, tell) {
    const named = host.certbot.lineage('shop').keyTarget();
    const { newest, since } = await renewed(host);
    const test = await host.nginx.test();
    if (test.exit === 0) throw new Error('nginx would start, although the key is of another certificate');
    tell(`nginx runs on, and would not start again: ${/\[emerg\].*/.exec(test.stderr)?.[0]}`);
    return {
      since,
      code: 'key-mismatch',
      cause: /^the private key \S+\/archive\/shop\/privkey1\.pem does not belong to the certificate /,
      healedBy: 'a person, as the remedy says',
      async heal({ remedy }) {
        const { sentence, command } = halves(remedy);
        const [, file = '', , key = ''] = /^In (\S+?)(:\d+)? name (\S+) as the key of /.exec(sentence) ?? [];
        if (key === '') throw new Error(`the remedy names no file and key: ${remedy}`);
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll(named, key));
        await runRemedy(host.sandbox, command);
      },
      isOver: async () => (await servedAt(host)) === newest && (await host.nginx.test()).exit === 0,
    };
  },
};
