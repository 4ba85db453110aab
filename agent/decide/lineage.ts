import { certbotEnvironment, certbotRenewal, typed } from './command-line.ts';
import { type Policy, instant } from './facts.ts';

/** certbot's links or files of a lineage do not lead to a certificate. */
export const brokenLineage: Policy = ({ observations, config, now }) =>
  observations.lineages.flatMap(({ name, failure, renewalConfig, changedAt }) => {
    if (!failure || observations.settling.includes(name)) return [];
    const unreadable = failure.reason === 'permission-denied';
    return [
      {
        code: 'lineage-broken' as const,
        severity: unreadable ? ('unknown' as const) : ('critical' as const),
        subject: { kind: 'lineage' as const, id: name },
        since: changedAt ?? instant(now),
        cause: unreadable
          ? `the files of lineage ${name} cannot be read by this user`
          : `the files of lineage ${name} do not fit together (${failure.reason}): ${failure.detail}`,
        evidence: { 'renewal config': renewalConfig, reason: failure.reason, detail: failure.detail },
        remedy: unreadable
          ? 'Run this command as root.'
          : typed(certbotRenewal(config, name), certbotEnvironment(config)),
      },
    ];
  });

/** Links that are being rewritten at this moment. After a minute they are no longer settling: then the lineage is broken. */
export const settlingLineage: Policy = ({ observations, config, now }) =>
  observations.lineages
    .filter((lineage) => observations.settling.includes(lineage.name))
    .map((lineage) => ({
      code: 'settling',
      severity: 'notice',
      subject: { kind: 'lineage', id: lineage.name },
      since: instant(now),
      cause: `the four links of lineage ${lineage.name} lead to different versions: a renewal is being written, or was cut off`,
      evidence: { 'renewal config': lineage.renewalConfig, detail: lineage.failure?.detail ?? '' },
      remedy: typed(certbotRenewal(config, lineage.name), certbotEnvironment(config)),
    }));
