import { createHash } from 'node:crypto';
import type { Finding } from '@certherd/protocol/finding';
import type { Observations } from '../observe/observations.ts';

/**
 * Findings that make nginx refuse the next config: while one stands, a reload would change nothing and hide the cause. What
 * only listeners of agent.toml use is none of nginx's business.
 */
export function blocksReload({ deployments }: Pick<Observations, 'deployments'>): (finding: Finding) => boolean {
  return ({ code, severity, subject }) => {
    const users = deployments.filter(({ lineage, certificatePath, keyPath }) =>
      subject.kind === 'lineage' ? lineage === subject.id : [certificatePath, keyPath].includes(subject.id),
    );
    if (users.length > 0 && users.every(({ server }) => server === 'other')) return false;
    return (
      ['key-mismatch', 'file-missing'].includes(code) ||
      (code === 'config-broken' && severity === 'critical' && subject.id === 'nginx') ||
      (code === 'file-unreadable' && severity === 'critical')
    );
  };
}

/** Names what a reload would bring into service, so that tries for one state are counted together. */
export function deploymentDigest({ deployments }: Observations): string {
  const state = deployments
    .filter(({ server }) => server === 'nginx')
    .map(({ id, configured }) => `${id} ${configured ?? '-'}`)
    .join('\n');
  return createHash('sha256').update(state).digest('hex');
}
