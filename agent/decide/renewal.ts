import type { Finding } from '@certherd/protocol/finding';
import { modeOf } from '../config.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { afterFailure, failureInWords } from './failed-renewal.ts';
import { heldUntil } from './held-back.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { lifeLeft, lifetimeMs, renewalOf } from './renewal-time.ts';
import { nextRenewalAt } from './retry.ts';

/** In its window a renewal is due; a thirtieth of its life past the window, it is overdue: the expected renewal was missed. */
export const renewalDue: Policy = (facts) =>
  facts.observations.lineages.flatMap(({ name, live, failure }) => {
    const certificate = facts.certificates.get(live ?? '');
    if (!certificate || failure || Date.parse(certificate.notAfter) <= facts.now) return [];
    const renewal = renewalOf(certificate, facts.observations.suggestedRenewals);
    const due = Date.parse(renewal.at);
    if (facts.now < due) return [];
    // a window may be over when the CA first tells it: time to renew begins when it is told
    const by = Math.max(Date.parse(renewal.windowEnd), due);
    const missed = by + lifetimeMs(certificate) / 30;
    const overdue = facts.now > missed;
    const left = lifeLeft(certificate, facts.now);
    const who = renewerOf(facts, name);
    const asked = renewal.basis === 'renewal-information';
    const finding: Finding = {
      code: overdue ? 'overdue' : 'due',
      severity: !overdue ? 'notice' : left < 1 / 6 ? 'critical' : 'warning',
      subject: { kind: 'lineage', id: name },
      since: overdue ? instant(missed) : renewal.at,
      cause: overdue
        ? `lineage ${name} should have been renewed by ${instant(by)}${asked ? ', as its CA asks' : ''}, and ${who} has not done it; ${percent(left)} of its life is left`
        : `lineage ${name} is in its renewal window${asked ? ', which its CA set' : ''}; ${who} is expected to renew it`,
      evidence: {
        'renewal window': `${renewal.windowStart} to ${renewal.windowEnd}`,
        ...(asked && { 'window from': 'the CA (renewal information, RFC 9773)' }),
        ...(renewal.explanation !== undefined && { 'the CA says why': renewal.explanation }),
        notAfter: certificate.notAfter,
        fingerprint: certificate.fingerprint,
      },
      remedy: renewAndLoad(facts, name),
    };
    return [finding];
  });

/** Who is expected to renew a lineage, as the settings have it. */
function renewerOf({ config }: Facts, lineage: string): string {
  return modeOf(config, lineage) === 'renew' ? 'the agent' : (config.certbot.renewedBy ?? "certbot's own timer");
}

/** The agent's own last try at a renewal failed. One that only met a lock says nothing, and does not hide the one before. */
export const failingRenewal: Policy = (facts) =>
  facts.observations.lineages.flatMap((lineage) => {
    const { name, live, changedAt } = lineage;
    const last = facts.attempts.findLast(
      ({ verb, subject, reason }) => verb === 'renew' && subject === name && reason !== 'busy',
    );
    if (!last || last.reason === 'done' || changedSince(facts, changedAt, last.at)) return [];
    const certificate = facts.certificates.get(live ?? '');
    // What was asked for beyond the host's own limit before its time is no failure of the host.
    const renewal = certificate && renewalOf(certificate, facts.observations.suggestedRenewals);
    if (last.reason === 'capped' && renewal && facts.now < Date.parse(renewal.at)) return [];
    const left = certificate ? lifeLeft(certificate, facts.now) : 0;
    const isRetried = modeOf(facts.config, name) === 'renew';
    const next = Math.max(nextRenewalAt(facts.attempts, name, certificate), heldUntil(lineage, facts));
    const finding: Finding = {
      code: 'renewal-failing',
      severity: left < 1 / 6 ? 'critical' : 'warning',
      subject: { kind: 'lineage', id: name },
      since: instant(last.at),
      cause: `the last renewal of ${name} failed: ${failureInWords(last.reason)}: ${last.detail}`.slice(0, 4000),
      evidence: {
        reason: last.reason,
        'tried at': instant(last.at),
        'next try': isRetried ? instant(next) : `none: mode is "${modeOf(facts.config, name)}"`,
      },
      remedy: afterFailure(last.reason, lineage, facts, isRetried ? instant(next) : undefined),
    };
    return [finding];
  });

function changedSince(facts: Facts, changedAt: string | undefined, at: number): boolean {
  return changedAt !== undefined && Date.parse(changedAt) > at && Date.parse(changedAt) <= facts.now;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
