import type { Finding } from '@certherd/protocol/finding';
import { modeOf } from '../config.ts';
import type { ObservedEndpoint } from '../observe/observations.ts';
import type { ReloadableServer } from './action.ts';
import type { Facts } from './facts.ts';
import { atOneOfAll } from './one-address.ts';
import type { Due } from './plan.ts';
import { blocksReload, deploymentDigest, reloadableServers } from './reload.ts';
import { nextTryAt } from './retry.ts';

/** A reload of each server for what is configured and not served, where the local policy allows it and it would change something. */
export function dueReloads(facts: Facts, findings: Finding[]): Due {
  const due = reloadableServers.map((server) => dueReload(server, facts, findings));
  return { actions: due.flatMap(({ actions }) => actions), later: due.flatMap(({ later }) => later) };
}

function dueReload(server: ReloadableServer, facts: Facts, findings: Finding[]): Due {
  const { observations, attempts, now } = facts;
  const nothing: Due = { actions: [], later: [] };
  const drifted = observations.endpoints.filter(
    (endpoint) => endpoint.server === server && isForReload(endpoint, facts),
  );
  const wanted =
    drifted.length > 0 &&
    !isSettling(server, facts) &&
    !findings.some(blocksReload(observations, server)) &&
    // only nginx's listeners and server blocks are told with a cause
    !(server === 'nginx' && findings.some(isBeyondReload));
  if (!wanted) return nothing;
  const subject = deploymentDigest(observations, server);
  const last = attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
  // this very state was loaded once, and clients got no handshake: it waits for a person, or for another certificate
  if (last?.reason === 'restored') return nothing;
  const at = Math.max(now, nextTryAt(attempts, 'reload', subject));
  if (at > now) return { actions: [], later: [at] };
  const why = `${drifted.length} endpoint(s) do not present the configured certificate: ${drifted.map(({ id }) => id).join(', ')}`;
  return { actions: [{ request: { verb: 'reload', server }, why, subject }], later: [] };
}

/** What one address of all keeps to has a reason outside the server, and a reload would change nothing there. */
function isForReload(endpoint: ObservedEndpoint, { observations, config }: Facts): boolean {
  const { served, configured, failure } = endpoint;
  const drifted = configured && (served ? served !== configured : failure?.reason === 'no-shared-algorithm');
  if (!drifted || atOneOfAll(endpoint, observations) !== undefined) return false;
  const { lineage } = observations.deployments.find(({ id }) => id === endpoint.deployment) ?? {};
  return (lineage === undefined ? config.mode : modeOf(config, lineage)) !== 'observe';
}

function isSettling(server: ReloadableServer, { observations }: Facts): boolean {
  return observations.deployments.some(
    (deployment) => deployment.server === server && observations.settling.includes(deployment.lineage ?? ''),
  );
}

/** Somebody else holds the port, or another block answers: a reload would change nothing. At one address of all it would elsewhere. */
function isBeyondReload({ code, severity, evidence }: Finding): boolean {
  if (severity !== 'critical') return false;
  const heldBy = evidence['held by'];
  return code === 'wrong-server' || (code === 'listener-unbound' && heldBy !== undefined && heldBy !== 'nobody');
}
