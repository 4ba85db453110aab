import type { Endpoint, Reached, ReachedAt } from '@certherd/protocol/snapshot';
import type { ObservedEndpoint } from '../observe/observations.ts';
import { changeOf } from './causes.ts';
import { type Facts, instant } from './facts.ts';
import { startsDifferMs } from './going-on.ts';
import { loadedBetween } from './running.ts';

/** How far the newest certificate got on its way to the clients of one endpoint. */
export function reachedBy(endpoint: ObservedEndpoint, facts: Facts): Reached {
  const { lineage } = ownersOf(endpoint, facts);
  if (!endpoint.configured) return 'unknown';
  if (lineage?.issued && lineage.live !== lineage.issued) return 'issued';
  if (lineage?.live && endpoint.configured !== lineage.live) return 'on-disk';
  if (!endpoint.failure && endpoint.served === endpoint.configured) return 'served';
  const loaded = isLoaded(endpoint, facts);
  if (loaded === undefined) return endpoint.failure ? 'unknown' : 'configured';
  return loaded ? 'loaded' : 'configured';
}

const states = ['issued', 'on-disk', 'configured', 'loaded', 'served'] as const;

/**
 * When the newest certificate reached each state up to `reached`, as this look tells it: `issued` from its file in certbot's
 * archive (else its notBefore), `on-disk` and `configured` from the live link or the file itself, `loaded` from the start
 * of the processes that read it, `served` is now. Undefined where nothing is known.
 */
export function reachedTimes(endpoint: ObservedEndpoint, reached: Reached, facts: Facts): ReachedAt | undefined {
  const { observations, certificates, now } = facts;
  const { lineage } = ownersOf(endpoint, facts);
  const newest = newestOf(endpoint);
  if (!newest || reached === 'unknown') return undefined;
  const changed = changeOf(endpoint, facts);
  const file = observations.files.find(({ path }) => path === lineage?.certificatePath);
  const written = lineage?.live === newest ? file?.modifiedAt : undefined;
  const loaded = isLoaded(endpoint, facts) ? loadedBetween(endpoint.server, facts)?.earliest : undefined;
  const times: Record<(typeof states)[number], string | undefined> = {
    issued: written ?? certificates.get(newest)?.notBefore,
    'on-disk': lineage?.changedAt ?? (changed && instant(changed.at)),
    configured: changed && instant(changed.at),
    loaded: loaded === undefined ? undefined : instant(loaded),
    served: instant(now),
  };
  const upTo = states.slice(0, states.findIndex((state) => state === reached) + 1);
  const known = upTo.flatMap((state) => (times[state] === undefined ? [] : [[state, times[state]] as const]));
  return known.length > 0 ? Object.fromEntries(known) : undefined;
}

/** What is remembered of one endpoint: its newest certificate, and when that was first seen in each state. */
export interface FirstReached {
  newest: string;
  at: ReachedAt;
}

/** The endpoints with the earliest instant that a look has told of each state that still holds, for as long as the newest certificate is the same. */
export function sinceFirst(endpoints: Endpoint[], earlier: Readonly<Record<string, FirstReached>>): Endpoint[] {
  return endpoints.map((endpoint) => {
    const before = earlier[endpoint.id];
    if (!endpoint.reachedAt || !before || before.newest !== newestOf(endpoint)) return endpoint;
    const reachedAt = { ...endpoint.reachedAt };
    for (const state of states) {
      const [then, now] = [before.at[state], reachedAt[state]];
      if (!then || !now) continue;
      const knownToMs = state === 'loaded' ? startsDifferMs : 0;
      if (Date.parse(then) - Date.parse(now) < knownToMs) reachedAt[state] = then;
    }
    return { ...endpoint, reachedAt };
  });
}

/** What to remember of them until the next look. */
export function firstReached(endpoints: Endpoint[]): Record<string, FirstReached> {
  return Object.fromEntries(
    endpoints.flatMap((endpoint) => {
      const newest = newestOf(endpoint);
      return newest && endpoint.reachedAt ? [[endpoint.id, { newest, at: endpoint.reachedAt }]] : [];
    }),
  );
}

/** Did the processes that run read the configured file as it is? Undefined where that cannot be told. */
function isLoaded(endpoint: ObservedEndpoint, facts: Facts): boolean | undefined {
  const changed = changeOf(endpoint, facts);
  const running = loadedBetween(endpoint.server, facts);
  if (endpoint.server === 'nginx' && facts.observations.running?.down) return false;
  if (!changed || !running) return undefined;
  const configChanged = endpoint.server === 'nginx' ? facts.observations.running?.configChanged?.at : undefined;
  const latestChange = Math.max(changed.at, configChanged ?? 0);
  if (running.latest < latestChange) return false;
  return running.earliest >= latestChange ? true : undefined;
}

function newestOf({ issued, configured }: Pick<Endpoint, 'issued' | 'configured'>): string | undefined {
  return issued ?? configured;
}

function ownersOf(endpoint: ObservedEndpoint, { observations }: Facts) {
  const deployment = observations.deployments.find(({ id }) => id === endpoint.deployment);
  return { deployment, lineage: observations.lineages.find(({ name }) => name === deployment?.lineage) };
}
