import type { Finding } from '@certherd/protocol/finding';
import { type Facts, type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { lifeLeft, lifetimeMs, renewalOf } from './renewal-time.ts';
import { nextTryAt } from './retry.ts';

/** In its window a renewal is due; a thirtieth of its life past the window, it is overdue: the expected renewal was missed. */
export const renewalDue: Policy = (facts) =>
  facts.observations.lineages.flatMap(({ name, live, failure }) => {
    const certificate = facts.certificates.get(live ?? '');
    if (!certificate || failure || Date.parse(certificate.notAfter) <= facts.now) return [];
    const renewal = renewalOf(certificate);
    if (facts.now < Date.parse(renewal.at)) return [];
    const missed = Date.parse(renewal.windowEnd) + lifetimeMs(certificate) / 30;
    const overdue = facts.now > missed;
    const left = lifeLeft(certificate, facts.now);
    const who = facts.config.mode === 'renew' ? 'the agent' : "certbot's own timer";
    const finding: Finding = {
      code: overdue ? 'overdue' : 'due',
      severity: !overdue ? 'notice' : left < 1 / 6 ? 'critical' : 'warning',
      subject: { kind: 'lineage', id: name },
      since: overdue ? instant(missed) : renewal.at,
      cause: overdue
        ? `lineage ${name} should have been renewed by ${renewal.windowEnd}, and ${who} has not done it; ${percent(left)} of its life is left`
        : `lineage ${name} is in its renewal window; ${who} is expected to renew it`,
      evidence: {
        'renewal window': `${renewal.windowStart} to ${renewal.windowEnd}`,
        notAfter: certificate.notAfter,
        fingerprint: certificate.fingerprint,
      },
      remedy: renewAndLoad(facts, name),
    };
    return [finding];
  });

/** The agent's own last tries at a renewal failed. */
export const failingRenewal: Policy = (facts) =>
  facts.observations.lineages.flatMap((lineage) => {
    const last = facts.attempts.findLast((attempt) => attempt.verb === 'renew' && attempt.subject === lineage.name);
    if (!last || last.reason === 'done' || last.reason === 'busy' || changedSince(facts, lineage.changedAt, last.at))
      return [];
    const certificate = facts.certificates.get(lineage.live ?? '');
    const left = certificate ? lifeLeft(certificate, facts.now) : 0;
    const next = nextTryAt(facts.attempts, 'renew', lineage.name, certificate && lifetimeMs(certificate));
    const finding: Finding = {
      code: 'renewal-failing',
      severity: left < 1 / 6 ? 'critical' : 'warning',
      subject: { kind: 'lineage', id: lineage.name },
      since: instant(last.at),
      cause: `the last renewal of ${lineage.name} failed (${last.reason}): ${last.detail}`.slice(0, 4000),
      evidence: { reason: last.reason, 'tried at': instant(last.at), 'next try': instant(next) },
      remedy: renewAndLoad(facts, lineage.name),
    };
    return [finding];
  });

function changedSince(facts: Facts, changedAt: string | undefined, at: number): boolean {
  return changedAt !== undefined && Date.parse(changedAt) > at && Date.parse(changedAt) <= facts.now;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
