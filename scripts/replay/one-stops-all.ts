import { readFileSync, writeFileSync } from 'node:fs';
import { issuedElsewhere } from '../../test/helpers/lineage-content.ts';
import { site } from '../../test/helpers/testbed/nginx.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { runRemedy } from '../stage/remedy.ts';
import type { Outage } from './outage.ts';
import { halves, servedAt } from './shop.ts';

const blog = 'blog.example.test';

/** Days from now: 90 days, of which less than a third is left, so that it is due. */
const due = [-63.5, 26.5] as const;

/** Two certificates are due, and the first cannot be renewed. The second must not wait for it. */
export const oneStopsAll: Outage = {
  name: 'one-stops-all',
  title: 'one failure keeps all that come after it from being done',
  sources: ['certd/certd #333'],
  mode: 'renew',
  async prepare({ certbot, nginx, tlsPort }) {
    const issued = await certbot.issue('blog', [blog], { keyType: 'ecdsa', webroot: nginx.webroot });
    if (issued.exit !== 0) throw new Error(`certbot could not issue: ${issued.stderr}`);
    const { certificate, key } = certbot.lineage('blog');
    nginx.writeSite('blog', site({ serverNames: [blog], port: tlsPort, pairs: [{ certificate, key }] }));
    await nginx.reloadWhole();
  },
  async befall({ host }, tell) {
    const [first, second] = [host.certbot.lineage('blog'), host.certbot.lineage('shop')];
    const usual = readFileSync(first.renewalConfig, 'utf8');
    writeFileSync(first.renewalConfig, usual.replaceAll(host.nginx.webroot, `${host.nginx.webroot}-moved`));
    await issuedElsewhere(host, due, { lineage: 'blog', name: blog });
    await issuedElsewhere(host, due);
    const since = Date.now();
    const [old, oldSecond] = [first.leaf(), second.leaf()];
    tell('blog and shop are due, and the webroot that certbot knows of blog is gone');
    return {
      since,
      code: 'renewal-failing',
      about: ({ subject }) => subject.id === 'blog',
      cause: /^the last renewal of blog failed: .*\(unauthorized\)/,
      healedBy: 'a person, as the remedy says',
      async heal({ remedy }) {
        await until('the agent renews the second all the same', () => second.leaf() !== oldSecond, {
          deadlineMs: 120_000,
        });
        tell('the agent has renewed shop all the same');
        writeFileSync(first.renewalConfig, usual);
        await runRemedy(host.sandbox, halves(remedy).command);
      },
      isOver: async () =>
        first.leaf() !== old &&
        (await servedAt(host, blog)) === first.leaf() &&
        (await servedAt(host)) === second.leaf(),
    };
  },
};
