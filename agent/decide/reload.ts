import { createHash } from 'node:crypto';
import type { Finding } from '@certherd/protocol/finding';
import type { Observations } from '../observe/observations.ts';

/** Findings that make nginx refuse the next config: while one stands, a reload would change nothing and hide the cause. */
export function blocksReload({ code, severity, subject }: Finding): boolean {
  return (
    ['key-mismatch', 'file-missing'].includes(code) ||
    (code === 'config-broken' && subject.id === 'nginx') ||
    (code === 'file-unreadable' && severity === 'critical')
  );
}

/** Names what a reload would bring into service, so that tries for one state are counted together. */
export function deploymentDigest({ deployments }: Observations): string {
  const state = deployments
    .filter(({ server }) => server === 'nginx')
    .map(({ id, configured }) => `${id} ${configured ?? '-'}`)
    .join('\n');
  return createHash('sha256').update(state).digest('hex');
}
