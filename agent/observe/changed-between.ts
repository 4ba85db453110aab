import { dirname } from 'node:path';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';

/**
 * Names of lineages that were whole when they were looked at, and whose live links showed something else a moment later, when
 * the files that a deployment names were read: certbot was at work in between. Neither look can be judged by the other.
 */
export function changedBetween(lineages: readonly Lineage[], deployments: readonly Deployment[]): string[] {
  const byDirectory = new Map<string, Deployment[]>();
  for (const deployment of lineages.length > 0 ? deployments : []) {
    const directory = dirname(deployment.certificatePath);
    const known = byDirectory.get(directory);
    if (known) known.push(deployment);
    else byDirectory.set(directory, [deployment]);
  }
  return lineages
    .filter((lineage) => {
      const live = dirname(lineage.certificatePath);
      return !lineage.failure && byDirectory.get(live)?.some((deployment) => differs(lineage, live, deployment));
    })
    .map(({ name }) => name);
}

function differs(lineage: Lineage, live: string, { keyPath, configured, keyMatches, failure }: Deployment): boolean {
  if (configured !== lineage.live) return true;
  if (dirname(keyPath) !== live) return false;
  return failure !== undefined || (keyMatches === false && lineage.keyMatches === true);
}
