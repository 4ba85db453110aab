import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';
import { clientOf } from '../observe/acme-clients.ts';
import type { LineageVersionsObserved } from '../observe/lineage-versions.ts';
import type { MachineryObserved } from '../observe/renewal-machinery.ts';
import { typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { lifeLeft } from './renewal-time.ts';
import { andReload } from './server-commands.ts';

type CopyFacts = Facts & { observations: LineageVersionsObserved & MachineryObserved };

/** A server names a copy of what a lineage once held: certbot renews the lineage, and the copy stays what it was. */
export function staleCopy(facts: CopyFacts): Finding[] {
  const { observations, certificates, config, now } = facts;
  const seen = new Set<string>();
  return observations.deployments.flatMap((deployment) => {
    const copy = copiedFrom(deployment, facts);
    if (!copy || copy.current || seen.has(deployment.certificatePath)) return [];
    seen.add(deployment.certificatePath);
    const { lineage, leaf } = copy;
    const newest = certificates.get(lineage.live ?? '');
    const place = `${deployment.configFile}:${deployment.line}`;
    return [
      {
        code: 'stale-copy' as const,
        // what certbot renewed at a third of its life is urgent by the same measure
        severity: lifeLeft(leaf, now) <= 1 / 3 ? ('critical' as const) : ('warning' as const),
        subject: { kind: 'deployment' as const, id: deployment.id },
        since: lineage.changedAt ?? instant(now),
        cause:
          `${deployment.certificatePath} is a copy of ${copy.version === undefined ? 'an earlier certificate' : `version ${copy.version}`} of lineage ${lineage.name}, and no link to it: certbot renewed the lineage, and the copy still ends at ${leaf.notAfter}. To end this for good, name ${lineage.certificatePath} and ${lineage.keyPath} in ${place}`.slice(
            0,
            4000,
          ),
        evidence: {
          'certificate in use': `${leaf.fingerprint} from ${leaf.notBefore}`,
          'newest of the lineage': `${lineage.live ?? 'unknown'} from ${newest?.notBefore ?? 'unknown'}`,
          file: deployment.certificatePath,
          lineage: lineage.certificatePath,
        },
        remedy: andReload(copyCommand(deployment, lineage), deployment, config),
      },
    ];
  });
}

/** The lineage that this deployment's certificate was once copied from; `current` when it is still the lineage's newest. */
export function copiedFrom(
  deployment: Deployment,
  { observations, certificates }: CopyFacts,
): { lineage: Lineage; leaf: Certificate; version?: number; current: boolean } | undefined {
  const leaf = certificates.get(deployment.configured ?? '');
  if (!leaf || deployment.lineage !== undefined) return undefined;
  if (clientOf(observations.machinery.clients, deployment.certificatePath)) return undefined;
  const same = observations.lineages.find(
    ({ live, issued }) => live === leaf.fingerprint || issued === leaf.fingerprint,
  );
  if (same) return { lineage: same, leaf, current: true };
  const kept = observations.lineageVersions.find(({ fingerprint }) => fingerprint === leaf.fingerprint);
  const source = kept && observations.lineages.find(({ name }) => name === kept.lineage);
  if (kept && source) return { lineage: source, leaf, version: kept.version, current: false };
  const successor = observations.lineages.find(({ live }) => succeeds(certificates.get(live ?? ''), leaf));
  return successor && { lineage: successor, leaf, current: false };
}

/** The same names and kind of key from the same CA, and younger: what a renewal makes. Intermediates change, their organisation stays. */
function succeeds(newer: Certificate | undefined, older: Certificate): boolean {
  return (
    newer !== undefined &&
    older.subjectAltNames.length > 0 &&
    newer.algorithm === older.algorithm &&
    authorityOf(newer) === authorityOf(older) &&
    newer.subjectAltNames.toSorted().join('\n') === older.subjectAltNames.toSorted().join('\n') &&
    Date.parse(newer.notBefore) > Date.parse(older.notBefore)
  );
}

function authorityOf({ issuer }: Certificate): string {
  return issuer.split(', ').find((attribute) => attribute.startsWith('O=')) ?? issuer;
}

function copyCommand({ certificatePath, keyPath }: Deployment, lineage: Lineage): string {
  // one file for both, as HAProxy has it: written over in place, so that its permissions stay
  if (keyPath === certificatePath || keyPath === '')
    return `${typed(['cat', lineage.certificatePath, lineage.keyPath])} > ${typed([certificatePath])}`;
  const copies = [
    ['cp', lineage.certificatePath, certificatePath],
    ...(keyPath === lineage.keyPath ? [] : [['cp', lineage.keyPath, keyPath]]),
  ];
  return copies.map((copy) => typed(copy)).join(' && ');
}
