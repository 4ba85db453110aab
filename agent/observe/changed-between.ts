import { dirname } from 'node:path';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';

/**
 * Names of lineages that were whole when they were looked at, and whose live links showed something else a moment later, when
 * the files that a deployment names were read: certbot was at work in between. Neither look can be judged by the other.
 */
export function changedBetween(lineages: readonly Lineage[], deployments: readonly Deployment[]): string[] {
  return lineages
    .filter((lineage) => !lineage.failure && deployments.some((deployment) => differs(lineage, deployment)))
    .map(({ name }) => name);
}

function differs(lineage: Lineage, { certificatePath, keyPath, configured, keyMatches, failure }: Deployment): boolean {
  const live = dirname(lineage.certificatePath);
  if (dirname(certificatePath) !== live) return false;
  if (configured !== lineage.live) return true;
  if (dirname(keyPath) !== live) return false;
  return failure !== undefined || (keyMatches === false && lineage.keyMatches === true);
}
