import type { Lineage } from '@certherd/protocol/snapshot';
import { modeOf } from '../config.ts';
import type { Facts } from './facts.ts';
import type { Due } from './plan.ts';
import { deploymentDigest, serversUsing } from './reload.ts';
import { nextTryAt } from './retry.ts';

/** Who led the links to it again may be about to load it, having mended what was in its way. */
const patienceMs = 600_000;

/**
 * What a restoration left to do: links between two versions, since a process that moved them was killed; or links that certbot has
 * led to the version again that did not come into service (any `certbot renew` does), where the next start would load it.
 */
export function dueRestorations(facts: Facts): Due {
  const { observations, attempts, config, now } = facts;
  const due: Due = { actions: [], later: [] };
  for (const lineage of observations.lineages) {
    const { name } = lineage;
    if (modeOf(config, name) === 'observe' || observations.settling.includes(name)) continue;
    if (serversUsing(observations.deployments, name).length === 0) continue;
    const wanted = cutOff(lineage, facts) ?? relinked(lineage, facts);
    if (!wanted) continue;
    const at = Math.max(wanted.at, nextTryAt(attempts, 'restore', name));
    if (at > now) due.later.push(at);
    else due.actions.push({ request: { verb: 'restore', lineage: name }, why: wanted.why, subject: name });
  }
  return due;
}

function cutOff({ name, failure }: Lineage, { observations, now }: Facts) {
  const archive = observations.archives?.find(({ lineage }) => lineage === name);
  if (failure?.reason !== 'links-disagree' || !archive?.linked) return undefined;
  return { at: now, why: `its links were left between two versions: ${failure.detail}` };
}

function relinked({ name, live, changedAt }: Lineage, facts: Facts) {
  const { observations, attempts } = facts;
  const servers = serversUsing(observations.deployments, name).filter((server) => {
    const subject = deploymentDigest(observations, server);
    const last = attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
    return last?.reason === 'restored';
  });
  const own = observations.deployments.filter(({ lineage, configured }) => lineage === name && configured === live);
  const waits = observations.endpoints.some(
    ({ server, deployment, configured, served }) =>
      servers.some((one) => one === server) && own.some(({ id }) => id === deployment) && served !== configured,
  );
  if (!waits || changedAt === undefined) return undefined;
  return {
    at: Date.parse(changedAt) + patienceMs,
    why: `its links lead again to the version that did not come into service, and ${servers.join(', ')} would load it at the next start`,
  };
}
