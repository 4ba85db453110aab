import type { Deployment, Listener } from '@certherd/protocol/snapshot';

/** What the wire takes of each, and what one server's config may bring in all. */
export const deploymentLimits = { names: 10_000, nameLength: 1024, listeners: 1000, total: 1_000_000 } as const;

/** Deployments of which several may have one id: a block that was read twice is one, with all its names and listeners. */
export interface MergedDeployments {
  add(deployment: Deployment): void;
  /** In the order in which their ids came first. */
  all(): Deployment[];
}

/** Costs what is added and no more, however often an id comes again. Names beyond `total` for all deployments are left out. */
export function mergedDeployments(): MergedDeployments {
  const known = new Map<string, Merged>();
  let told = 0;
  const join = (merged: Merged, { serverNames, listeners }: Deployment) => {
    const parts = (merged.parts ??= { names: new Set(merged.first.serverNames), listeners: byPlace(merged.first) });
    for (const name of serverNames) {
      if (told >= deploymentLimits.total || parts.names.size >= deploymentLimits.names) break;
      if (parts.names.has(name)) continue;
      parts.names.add(name);
      told++;
    }
    for (const each of listeners) parts.listeners.set(`${each.address} ${each.port}`, each);
  };
  return {
    add: (deployment) => {
      const merged = known.get(deployment.id);
      if (merged) {
        join(merged, deployment);
        return;
      }
      const { serverNames } = deployment;
      const fits = told + serverNames.length <= deploymentLimits.total;
      const first = fits ? deployment : { ...deployment, serverNames: [''] };
      told += first.serverNames.length;
      known.set(deployment.id, { first });
    },
    all: () =>
      [...known.values()].map(({ first, parts }) =>
        parts
          ? {
              ...first,
              serverNames: [...parts.names],
              listeners: [...parts.listeners.values()].slice(0, deploymentLimits.listeners),
            }
          : first,
      ),
  };
}

/** Most ids come once: what joins is only made for the others. */
interface Merged {
  first: Deployment;
  parts?: { names: Set<string>; listeners: Map<string, Listener> };
}

function byPlace({ listeners }: Deployment): Map<string, Listener> {
  return new Map(listeners.map((each) => [`${each.address} ${each.port}`, each]));
}
