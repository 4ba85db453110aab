import { dirname, join, relative } from 'node:path';
import type { Lineage } from '@certherd/protocol/snapshot';
import { typed } from './command-line.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';

/** certbot's links or files of a lineage do not lead to a certificate. */
export const brokenLineage: Policy = (facts) => {
  const { observations, now } = facts;
  return observations.lineages.flatMap((lineage) => {
    const { name, failure, renewalConfig, changedAt } = lineage;
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
        remedy: unreadable ? 'Run this command as root.' : remedyFor(lineage, facts),
      },
    ];
  });
};

/** Links that are being rewritten at this moment. After a minute they are no longer settling: then the lineage is broken. */
export const settlingLineage: Policy = ({ observations, now }) =>
  observations.lineages
    .filter((lineage) => observations.settling.includes(lineage.name))
    .map((lineage) => ({
      code: 'settling',
      severity: 'notice',
      subject: { kind: 'lineage', id: lineage.name },
      since: instant(now),
      cause: lineage.failure
        ? `the four links of lineage ${lineage.name} lead to different versions: a renewal is being written, or was cut off`
        : `the files of lineage ${lineage.name} changed at this moment: a renewal is being written`,
      evidence: { 'renewal config': lineage.renewalConfig, detail: lineage.failure?.detail ?? '' },
      remedy: 'Wait for a minute: certbot ends what it writes, or the lineage is told as broken, with what mends it.',
    }));

/**
 * certbot goes on by itself from links that lead to several versions, or to a damaged file. It refuses a lineage of which a
 * link is missing, leads nowhere or is a file ("expected … to be a symlink"; storage.py, RenewableCert).
 */
function remedyFor(lineage: Lineage, facts: Facts): string {
  const { name, renewalConfig } = lineage;
  const renewal = renewAndLoad(facts, name);
  const archive = facts.observations.archives?.find((one) => one.lineage === name);
  if (!archive) return renewal;
  const { links, directory, unnamed, linked, complete, newest } = archive;
  if (unnamed.length > 0)
    return `Put ${unnamed.map((kind) => `"${kind} = ${links[kind]}"`).join(' and ')} back at the top of ${renewalConfig}, then: ${renewal}`;
  if (linked) return renewal;
  if (complete === undefined)
    return `Put cert, privkey, chain and fullchain of one version back into ${directory} from a backup, then: ${renewal}`;
  const relinked = Object.entries(links).map(([kind, link]) => {
    const target = relative(dirname(link), join(directory, `${kind}${complete}.pem`));
    // what stands in the place of a link may be the only copy of a key
    return typed(['ln', '-sf', '--backup=numbered', target, link]);
  });
  return [...relinked, ...(complete === newest ? [] : [renewal])].join(' && ');
}
