import type { Deployment, ServerProgram } from '@certherd/protocol/snapshot';
import type { LookPorts } from '../../ports.ts';
import type { NginxProcesses, Worker } from '../nginx-process.ts';
import type { Observations } from '../observations.ts';

/** So long after a change old workers may still answer. */
const settlesWithinMs = 120_000;
/** Workers of one start or reload are started one after the other, in far less than this. */
const oneGenerationMs = 10_000;

/**
 * Tells for which deployments old and new may be served side by side: their certificate or their server's config changed within the
 * last two minutes, or an nginx worker started within them, or workers of two generations accept connections. A worker that is
 * shutting down does not count: nginx closes its listening sockets first (ngx_worker_process_cycle). To be asked before the handshakes.
 */
export function observeUnsettled(
  { files, clock }: Pick<LookPorts, 'files' | 'clock'>,
  seen: Pick<Observations, 'deployments' | 'lineages' | 'files' | 'servers'>,
  nginx: NginxProcesses | undefined,
): (deployment: Deployment) => boolean {
  const now = clock.now();
  const isRecent = (at: number) => Math.abs(now - at) < settlesWithinMs;
  const hasChanged = (path: string) => {
    const changed = files.linkChangedAt(path);
    return changed.ok && isRecent(changed.value);
  };
  const programs = new Set<ServerProgram>(
    seen.servers.filter(({ configFiles }) => configFiles.some(hasChanged)).map(({ server }) => server),
  );
  const masters = nginx?.masters ?? [];
  if (masters.some(({ workers }) => areNew(workers, isRecent))) programs.add('nginx');
  const changedFiles = new Map(seen.files.map(({ path, modifiedAt }) => [path, modifiedAt]));
  const lineages = new Map(seen.lineages.map(({ name, changedAt }) => [name, changedAt]));
  return ({ server, certificatePath, lineage }) =>
    programs.has(server) ||
    [changedFiles.get(certificatePath), lineages.get(lineage ?? '')].some(
      (instant) => instant !== undefined && isRecent(Date.parse(instant)),
    );
}

function areNew(workers: readonly Worker[], isRecent: (at: number) => boolean): boolean {
  const starts = workers.filter(({ shuttingDown }) => !shuttingDown).map(({ startedAt }) => startedAt);
  return starts.some(isRecent) || Math.max(...starts) - Math.min(...starts) > oneGenerationMs;
}
