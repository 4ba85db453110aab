import type { Finding } from '@certherd/protocol/finding';
import type { ObservedEndpoint } from '../observe/observations.ts';
import type { Request } from './action.ts';
import type { Facts } from './facts.ts';
import { atOneOfAll } from './one-address.ts';
import { blocksReload, deploymentDigest } from './reload.ts';
import { lifetimeMs, renewalOf } from './renewal-time.ts';
import { nextTryAt } from './retry.ts';

export interface Plan {
  /** What to do now, in order; one at a time, and look again after each. */
  actions: { request: Request; why: string; subject: string }[];
  /** When time alone next changes the answer, milliseconds since 1970. */
  lookAgainAt: number;
}

/** What the local policy lets the agent do about these findings, and when to look again if nothing changes before. */
export function plan(facts: Facts, findings: Finding[]): Plan {
  const reload = reloadNow(facts, findings);
  const renewals = renewalsByTime(facts);
  const due = renewals.filter(({ at }) => at <= facts.now);
  const later = [...renewals.map(({ at }) => at), reload.at].filter((at) => at > facts.now);
  return {
    actions: [
      ...(reload.wanted && reload.at <= facts.now ? [reload.action] : []),
      ...due.map(({ name, why }) => ({ request: { verb: 'renew' as const, lineage: name }, why, subject: name })),
    ],
    lookAgainAt: Math.min(facts.now + facts.config.rescanMs, ...later),
  };
}

/**
 * The time between two looks of this process, milliseconds: up to a tenth more or less than set, so that hosts made from one
 * template do not all look in the same second. `drawn` is from 0 to 1, and is drawn once: redrawn each time, the least would count.
 */
export function spreadRescan(rescanMs: number, drawn: number): number {
  return rescanMs * (0.9 + 0.2 * drawn);
}

function reloadNow({ observations, attempts, config, now }: Facts, findings: Finding[]) {
  const subject = deploymentDigest(observations);
  // what one address of all keeps to has a reason outside nginx, and a reload would change nothing there
  const drifted = observations.endpoints.filter(
    (endpoint) => isDrifted(endpoint) && atOneOfAll(endpoint, observations) === undefined,
  );
  const wanted =
    config.mode !== 'observe' &&
    drifted.length > 0 &&
    observations.settling.length === 0 &&
    !findings.some(blocksReload(observations)) &&
    !findings.some(isBeyondReload);
  return {
    wanted,
    at: wanted ? Math.max(now, nextTryAt(attempts, 'reload', subject)) : 0,
    action: {
      request: { verb: 'reload' as const, server: 'nginx' as const },
      why: `${drifted.length} endpoint(s) do not present the configured certificate: ${drifted.map(({ id }) => id).join(', ')}`,
      subject,
    },
  };
}

function isDrifted({ server, served, configured, failure }: ObservedEndpoint): boolean {
  if (server !== 'nginx' || !configured) return false;
  return served ? served !== configured : failure?.reason === 'no-shared-algorithm';
}

/** Somebody else holds the port, or another block answers: a reload would change nothing. At one address of all it would elsewhere. */
function isBeyondReload({ code, severity, evidence }: Finding): boolean {
  if (severity !== 'critical') return false;
  const heldBy = evidence['held by'];
  return code === 'wrong-server' || (code === 'listener-unbound' && heldBy !== undefined && heldBy !== 'nobody');
}

function renewalsByTime({ observations, certificates, attempts, config, now }: Facts) {
  return observations.lineages.flatMap((lineage) => {
    const certificate = certificates.get(lineage.live ?? '');
    if (!certificate || lineage.autorenew === false || observations.settling.includes(lineage.name)) return [];
    const renewal = renewalOf(certificate);
    const at = Date.parse(renewal.at);
    if (config.mode !== 'renew') return now < at ? [{ name: lineage.name, at: at, why: '' }] : [];
    return [
      {
        name: lineage.name,
        at: Math.max(at, nextTryAt(attempts, 'renew', lineage.name, lifetimeMs(certificate))),
        why: `its renewal time was ${renewal.at}`,
      },
    ];
  });
}
