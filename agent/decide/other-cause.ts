import type { ObservedEndpoint } from '../observe/observations.ts';
import type { Cause } from './causes.ts';
import { typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { serverReload } from './server-commands.ts';

/**
 * Why Apache or HAProxy does not present what is configured: the process that answers is older than the file. HAProxy starts
 * one only to load something. Apache starts children at any time, with what their parent has loaded; a reload stops every
 * child that was there before from accepting connections, so that a child from before the change and an answer from before
 * it mean that there was none.
 */
export function otherCause(
  endpoint: ObservedEndpoint,
  changed: { path: string; at: number } | undefined,
  facts: Facts,
): Cause | undefined {
  const { configured, served, failure, server } = endpoint;
  if (!configured || served === configured || !changed) return undefined;
  if (!served && failure?.reason !== 'no-shared-algorithm') return undefined;
  const processes = facts.observations.processes?.find((one) => one.server === server);
  const started = server === 'apache' ? processes?.oldestAt : processes?.youngestAt;
  if (started === undefined || started >= changed.at) return undefined;
  const which = server === 'apache' ? 'one of its processes' : 'its newest process';
  return {
    kind: 'not-reloaded',
    code: 'not-served',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(changed.at),
    sentence: `${server} has not been reloaded since ${changed.path} changed at ${instant(changed.at)}: ${which} started at ${instant(started)}`,
    evidence: { 'file changed': instant(changed.at), 'process started': instant(started) },
    remedy: typed(serverReload(server, facts.config)),
  };
}
