import type { Finding } from '@certherd/protocol/finding';
import type { Rehearsal, Snapshot } from '@certherd/protocol/snapshot';
import { type Observations, certificatesByFingerprint } from '../observe/observations.ts';
import { type Config, modeOf } from '../config.ts';
import type { Facts } from './facts.ts';
import { goingOn } from './going-on.ts';
import { type Plan, plan } from './plan.ts';
import { judge } from './policies.ts';
import { reachedBy, reachedTimes } from './reached.ts';
import { lastRehearsal } from './rehearsal.ts';
import { renewalOf } from './renewal-time.ts';
import type { Attempt } from './retry.ts';

/**
 * The whole verdict on one look at the host: what is judged, and what to do. `before` are the findings that are
 * known, shown or not, so that one that goes on keeps the instant at which it began.
 */
export function decide(
  observations: Observations,
  attempts: Attempt[],
  before: Finding[],
  config: Config,
  now: number,
): { snapshot: Snapshot; plan: Plan } {
  const facts: Facts = { observations, attempts, config, now, certificates: certificatesByFingerprint(observations) };
  const findings = judge(facts).map((finding) => goingOn(finding, before));
  const { host, certificates, files, servers, deployments } = observations;
  return {
    snapshot: {
      host,
      certificates,
      files,
      lineages: observations.lineages.map((lineage) => {
        const live = facts.certificates.get(lineage.live ?? '');
        const mode = modeOf(config, lineage.name);
        return {
          ...lineage,
          ...(mode !== config.mode && { mode }),
          ...rehearsalOf(observations, lineage.name, now),
          ...(live && { renewal: renewalOf(live, observations.suggestedRenewals) }),
        };
      }),
      servers,
      deployments,
      endpoints: observations.endpoints.map((endpoint) => {
        const reached = reachedBy(endpoint, facts);
        const reachedAt = reachedTimes(endpoint, reached, facts);
        return { ...endpoint, reached, ...(reachedAt && { reachedAt }) };
      }),
      findings,
    },
    plan: plan(facts, findings),
  };
}

/** As it is told: without what only the plan needs. */
function rehearsalOf(observations: Observations, lineage: string, now: number): { rehearsal?: Rehearsal } {
  const kept = lastRehearsal(observations, lineage, now);
  if (!kept) return {};
  const { at, ok, reasons } = kept;
  return { rehearsal: { at, ...(ok !== undefined && { ok }), reasons } };
}
