import { createHash } from 'node:crypto';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Observations } from '../observe/observations.ts';
import { ReloadableServer } from './action.ts';

/** In the order in which they are reloaded. */
export const reloadableServers: readonly ReloadableServer[] = ReloadableServer.enum;

/**
 * Findings that make a server refuse the next config: while one stands, a reload would change nothing and hide the cause. What
 * only another server uses is none of its business.
 */
export function blocksReload(
  { deployments }: Pick<Observations, 'deployments'>,
  server: ReloadableServer = 'nginx',
): (finding: Finding) => boolean {
  return ({ code, severity, subject }) => {
    if (code === 'config-broken') return severity === 'critical' && subject.id === server;
    const users = deployments.filter(({ lineage, certificatePath, keyPath }) =>
      subject.kind === 'lineage' ? lineage === subject.id : [certificatePath, keyPath].includes(subject.id),
    );
    if (users.length > 0 && users.every((one) => one.server !== server)) return false;
    return ['key-mismatch', 'file-missing'].includes(code) || (code === 'file-unreadable' && severity === 'critical');
  };
}

/** Names what a reload would bring into service, so that tries for one state of one server are counted together. */
export function deploymentDigest(
  { deployments }: Pick<Observations, 'deployments'>,
  server: ReloadableServer = 'nginx',
): string {
  const state = deployments
    .filter((deployment) => deployment.server === server)
    .map(({ id, configured }) => `${id} ${configured ?? '-'}`)
    .join('\n');
  return createHash('sha256').update(state).digest('hex');
}

/** The servers that the agent can have load a lineage anew, each once. */
export function serversUsing(deployments: readonly Deployment[], lineage: string): ReloadableServer[] {
  return reloadableServers.filter((server) =>
    deployments.some((deployment) => deployment.server === server && deployment.lineage === lineage),
  );
}
