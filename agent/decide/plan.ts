import type { Finding } from '@certherd/protocol/finding';
import type { Request } from './action.ts';
import type { Facts } from './facts.ts';
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

function reloadNow({ observations, attempts, config, now }: Facts, findings: Finding[]) {
  const subject = deploymentDigest(observations);
  const drifted = observations.endpoints.filter(
    ({ server, served, configured, failure }) =>
      server === 'nginx' && configured && (served ? served !== configured : failure?.reason === 'no-shared-algorithm'),
  );
  const wanted =
    config.mode !== 'observe' &&
    drifted.length > 0 &&
    observations.settling.length === 0 &&
    !findings.some(blocksReload) &&
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

/** Somebody else holds the port, or another block answers: a reload would change nothing. */
function isBeyondReload({ code, severity, evidence }: Finding): boolean {
  if (severity !== 'critical') return false;
  return code === 'wrong-server' || (code === 'listener-unbound' && evidence['held by'] !== 'nobody');
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
