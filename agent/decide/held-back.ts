import type { Lineage } from '@certherd/protocol/snapshot';
import { certbotEnvironment, certbotPlaces, typed } from './command-line.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { loadingCommands } from './renewal-remedy.ts';
import { lifeLeft, lifetimeMs } from './renewal-time.ts';
import { testCommands } from './server-commands.ts';

const dayMs = 86_400_000;
/** Links and the end of the action that moved them. */
const sameActionMs = 300_000;

/** Do the live links of a lineage lead to an earlier version than the newest in its archive? */
function isHeldBack({ live, issued, liveVersion, issuedVersion, failure }: Lineage): boolean {
  if (failure || live === undefined || issued === undefined || live === issued) return false;
  return liveVersion !== undefined && issuedVersion !== undefined && liveVersion < issuedVersion;
}

/**
 * Before this instant (milliseconds since 1970) a lineage that is held back is not renewed again: the next certificate is like the one
 * that failed. A day, or a twenty-fourth of its life, after that one was issued, and after it was taken out of service; the latter not
 * in the last twenty-fourth of the life of what is in use, since certbot's timer may have it taken out twice a day. An instant that lies
 * ahead was written by a wrong clock, and says nothing. 0 where the lineage is not held back.
 */
export function heldUntil(lineage: Lineage, { certificates, now }: Pick<Facts, 'certificates' | 'now'>): number {
  const newest = certificates.get(lineage.issued ?? '');
  if (!newest || !isHeldBack(lineage)) return 0;
  const inUse = certificates.get(lineage.live ?? '');
  const lastChance = inUse ? Date.parse(inUse.notAfter) - lifetimeMs(inUse) / 24 : 0;
  const after = (at: number) => (at <= now ? at + Math.min(dayMs, lifetimeMs(newest) / 24) : 0);
  return Math.max(
    after(Date.parse(newest.notBefore)),
    Math.min(after(Date.parse(lineage.changedAt ?? '')), lastChance),
  );
}

/** The certificate in use is not the newest: one did not come into service and was put back, or the links were moved by somebody else. */
export const restoredLineage: Policy = (facts) =>
  facts.observations.lineages.flatMap((lineage) => {
    const { name, live = '', issued = '', liveVersion, issuedVersion, changedAt } = lineage;
    if (!isHeldBack(lineage) || facts.observations.settling.includes(name)) return [];
    const certificate = facts.certificates.get(live);
    const story = storyOf(lineage, facts);
    return [
      {
        code: 'restored' as const,
        severity:
          certificate && lifeLeft(certificate, facts.now) < 1 / 6 ? ('critical' as const) : ('warning' as const),
        subject: { kind: 'lineage' as const, id: name },
        since: changedAt ?? instant(facts.now),
        cause:
          `lineage ${name} is held at version ${liveVersion} although version ${issuedVersion} was issued: ${story ?? 'its links were led back, or certbot was cut off before it moved them'}`.slice(
            0,
            4000,
          ),
        evidence: {
          'in use': `version ${liveVersion}, ${live}`,
          'held back': `version ${issuedVersion}, ${issued}`,
          ...(certificate && { 'in use until': certificate.notAfter }),
        },
        remedy: `Mend what kept version ${issuedVersion} out of service, then: ${linkNewest(lineage, facts)}`,
      },
    ];
  });

/** What the agent itself said when it put the version before back. */
function storyOf({ name, changedAt = '' }: Lineage, { attempts }: Facts): string | undefined {
  const movedAt = Date.parse(changedAt);
  const own = attempts.findLast(
    ({ verb, subject, reason, at }) =>
      (reason === 'restored' || (verb === 'restore' && subject === name && reason === 'done')) &&
      at >= movedAt - 1000 &&
      at - movedAt < sameActionMs,
  );
  return own?.detail;
}

/** certbot itself links what it finds newer in its archive ("Found a new certificate … fixing"), and renews only what is due. */
function linkNewest({ name }: Lineage, facts: Facts): string {
  const { config, observations } = facts;
  const argv = [
    config.certbot.binary,
    'renew',
    '--cert-name',
    name,
    '--no-random-sleep-on-renew',
    '--non-interactive',
    ...certbotPlaces(config),
  ];
  const using = observations.deployments.filter(({ lineage }) => lineage === name);
  return [
    typed(argv, certbotEnvironment(config)),
    ...testCommands(using, config),
    ...loadingCommands(facts, name),
  ].join(' && ');
}
