import { deployed } from '../stage/deployed.ts';
import { servedFor, short } from '../stage/sites.ts';
import { demand, type Step } from './step.ts';

/** certbot renews and nobody reloads: what brought the checkout down for two hours. */
export const incident: Step = {
  name: 'incident',
  title: 'the incident: certbot renews, and nobody reloads nginx',
  async play(stage, narrator) {
    const { certbot, exhibits, nginx } = stage;
    const lineage = certbot.lineage(exhibits.shop.lineage);
    const before = await servedFor(exhibits.shop);
    const workers = nginx.workers();
    const since = Date.now();
    const renewed = await narrator.during(
      'certbot renew, with no hook',
      () => certbot.renew(exhibits.shop.lineage),
      () => `on disk is ${short(lineage.leaf())}, nginx loaded ${short(before)}`,
    );
    demand(renewed.exit === 0, `certbot renew failed: ${renewed.stderr}`);
    const newest = lineage.leaf();
    demand(newest !== before, 'certbot renewed nothing');

    const evidence = await deployed(stage, narrator, { exhibit: exhibits.shop, fingerprint: newest, since });
    demand(
      nginx.workers().some((worker) => !workers.includes(worker)),
      'nginx has the same workers: nothing was reloaded',
    );
    demand(
      (await servedFor(exhibits.shopRsa)) === certbot.lineage(exhibits.shopRsa.lineage).leaf(),
      'the RSA twin changed',
    );
    return `disk and served agree again on ${short(newest)}; ${evidence}`;
  },
};
