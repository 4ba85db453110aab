import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { Adoptable } from '../observe/adoptable.ts';
import type { AdoptionWish, Refusal } from './adoption.ts';

/** In the order in which they are tried: what changes least comes first. */
export const authenticators = ['webroot', 'nginx', 'standalone'] as const;

/** How certbot shows that the names are this host's. */
export interface Authentication {
  authenticator: (typeof authenticators)[number];
  /** For certbot's command line, names included. */
  options: string[];
  notes: string[];
}

/** The first way that the config, the installed plugins and the port allow; or only the one that is wished for. */
export function authenticationFor(
  wish: Pick<AdoptionWish, 'authenticator' | 'webroot'>,
  names: readonly string[],
  seen: Adoptable,
  config: Config,
): Result<Authentication, Refusal> {
  const only = wish.authenticator ?? (wish.webroot === undefined ? undefined : 'webroot');
  const why: string[] = [];
  for (const authenticator of only === undefined ? authenticators : [only]) {
    const found = ways[authenticator](wish, names, seen, config);
    if (found.ok) return { ok: true, value: { authenticator, ...found.value } };
    why.push(`${authenticator}: ${found.failure}`);
  }
  return { ok: false, failure: { reason: 'no-authenticator', detail: why.join('; ') } };
}

type Way = (
  wish: Pick<AdoptionWish, 'webroot'>,
  names: readonly string[],
  seen: Adoptable,
  config: Config,
) => Result<Omit<Authentication, 'authenticator'>, string>;

const ways: Record<Authentication['authenticator'], Way> = {
  webroot(wish, names, { challenges }) {
    const roots = new Map<string, string[]>();
    for (const name of names) {
      const place = challenges.get(name);
      const root = wish.webroot ?? place?.root;
      if (root === undefined)
        return { ok: false, failure: `${name}: ${place && 'why' in place ? place.why : 'no place'}` };
      if (wish.webroot === undefined && place?.exists === false)
        return { ok: false, failure: `${name}: its root ${root} is not there` };
      roots.set(root, [...(roots.get(root) ?? []), name]);
    }
    const options = [...roots].flatMap(([root, own]) => ['-w', root, ...own.flatMap((name) => ['-d', name])]);
    return { ok: true, value: { options: ['--authenticator', 'webroot', ...options], notes: [] } };
  },
  nginx(_wish, names, { plugins }, { nginx }) {
    if (!plugins) return { ok: false, failure: "certbot's plugins are in no place that is known" };
    if (!plugins.has('nginx')) return { ok: false, failure: 'the plugin is not installed (python3-certbot-nginx)' };
    if (nginx.prefix) return { ok: false, failure: "certbot cannot be told nginx's prefix" };
    const directory = nginx.config.slice(0, nginx.config.lastIndexOf('/')) || '/';
    const options = ['--authenticator', 'nginx', '--nginx-server-root', directory, '--nginx-ctl', nginx.binary];
    const notes = ['certbot changes the config for some seconds while the CA looks, and changes it back.'];
    return { ok: true, value: { options: [...options, ...named(names)], notes } };
  },
  standalone(_wish, names, { challengePort }, { certbot }) {
    const port = certbot.challengePort;
    if (!challengePort) return { ok: false, failure: `whether port ${port} is free cannot be told` };
    if (challengePort.bound)
      return { ok: false, failure: `port ${port} is taken by ${challengePort.holder ?? 'another program'}` };
    const options = ['--authenticator', 'standalone', ...(port === 80 ? [] : ['--http-01-port', String(port)])];
    const notes = [`Port ${port} must stay free: certbot listens there itself at each renewal.`];
    return { ok: true, value: { options: [...options, ...named(names)], notes } };
  },
};

function named(names: readonly string[]): string[] {
  return names.flatMap((name) => ['-d', name]);
}
