import type { Lineage } from '@certherd/protocol/snapshot';
import { certbotEnvironment, certbotRenewal, typed } from './command-line.ts';
import { type Policy, instant } from './facts.ts';

/** nginx refuses such a pair at reload, keeps the old one, and would not start again: so nothing is reloaded. */
export const keyMismatch: Policy = ({ observations, config, now }) => {
  const lineages = new Map(observations.lineages.map((lineage) => [lineage.name, lineage]));
  const pairs = new Map<
    string,
    { lineage: Lineage | undefined; keyPath: string; certificatePath: string; configured: string }
  >();
  for (const { keyMatches, certificatePath, keyPath, configured, lineage } of observations.deployments) {
    if (keyMatches === false && !pairs.has(certificatePath)) {
      pairs.set(certificatePath, {
        lineage: lineages.get(lineage ?? ''),
        keyPath,
        certificatePath,
        configured: configured ?? '',
      });
    }
  }
  for (const lineage of lineages.values()) {
    if (
      lineage.keyMatches === false &&
      !pairs.has(lineage.certificatePath) &&
      !observations.settling.includes(lineage.name)
    ) {
      pairs.set(lineage.certificatePath, { ...lineage, lineage, configured: lineage.live ?? '' });
    }
  }
  return [...pairs.values()].map(({ lineage, keyPath, certificatePath, configured }) => {
    const file = observations.files.find((candidate) => candidate.path === certificatePath);
    return {
      code: 'key-mismatch',
      severity: 'critical',
      subject: lineage ? { kind: 'lineage', id: lineage.name } : { kind: 'file', id: certificatePath },
      since: lineage?.changedAt ?? file?.modifiedAt ?? instant(now),
      cause: `the private key ${keyPath} does not belong to the certificate ${certificatePath}: nginx would refuse the pair, so it is not reloaded and serves what it loaded before`,
      evidence: { certificate: certificatePath, key: keyPath, fingerprint: configured },
      remedy: lineage
        ? typed(certbotRenewal(config, lineage.name), certbotEnvironment(config))
        : `Put the key of ${certificatePath} at ${keyPath}.`,
    };
  });
};
