import { runRemedy } from '../stage/remedy.ts';
import { short } from '../stage/sites.ts';
import type { Outage } from './outage.ts';
import { renewed, servedAt } from './shop.ts';

/** The most frequent one: certbot did its part, and nginx never read the files again. */
export const neverReloaded: Outage = {
  name: 'never-reloaded',
  title: 'renewed, and nginx never reloaded',
  sources: [
    'hestiacp/hestiacp #2114',
    'tenex/rails-assets #461',
    'wolfgang42/yaml-multiline #17',
    'home-assistant/addons #266',
    'certbot/certbot #8528',
  ],
  mode: 'observe',
  async befall({ host }, tell) {
    const { newest, since } = await renewed(host);
    tell(`certbot renewed ${short(newest)}; it has no hook, and nginx goes on with what it loaded`);
    return {
      since,
      code: 'not-served',
      cause: /nginx has not been reloaded since .* changed at /,
      healedBy: 'the remedy as printed',
      heal: ({ remedy }) => runRemedy(host.sandbox, remedy),
      isOver: async () => (await servedAt(host)) === newest,
    };
  },
};
