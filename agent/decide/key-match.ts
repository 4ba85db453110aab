import type { Lineage } from '@certherd/protocol/snapshot';
import { type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { callOf } from './server-commands.ts';

/** nginx refuses such a pair at reload, keeps the old one, and would not start again, or takes it and fails every handshake: so nothing is reloaded. */
export const keyMismatch: Policy = (facts) => {
  const { observations, now } = facts;
  const lineages = new Map(observations.lineages.map((lineage) => [lineage.name, lineage]));
  const pairs = new Map<
    string,
    { lineage: Lineage | undefined; keyPath: string; certificatePath: string; configured: string }
  >();
  for (const { keyMatches, certificatePath, keyPath, configured, lineage } of observations.deployments) {
    if (keyMatches === false && !pairs.has(certificatePath) && !observations.settling.includes(lineage ?? '')) {
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
  const refusal = (path: string) => {
    const using = observations.deployments.filter(({ certificatePath }) => certificatePath === path);
    const foreign = observations.foreignKeys ?? [];
    if (using.some(({ id }) => foreign.includes(id)))
      return 'it is of another kind, so nginx takes the pair without a word, and from its next reload or start on no client gets a handshake';
    return using.length > 0 && using.every(({ server }) => server === 'other')
      ? `${callOf(using[0], 'other')} cannot serve the pair, and goes on with what it loaded before at best`
      : 'nginx would refuse the pair, so it is not reloaded and serves what it loaded before';
  };
  return [...pairs.values()].map(({ lineage, keyPath, certificatePath, configured }) => {
    const file = observations.files.find((candidate) => candidate.path === certificatePath);
    return {
      code: 'key-mismatch',
      severity: 'critical',
      subject: lineage ? { kind: 'lineage', id: lineage.name } : { kind: 'file', id: certificatePath },
      since: lineage?.changedAt ?? file?.modifiedAt ?? instant(now),
      cause: `the private key ${keyPath} does not belong to the certificate ${certificatePath}: ${refusal(certificatePath)}`,
      evidence: { certificate: certificatePath, key: keyPath, fingerprint: configured },
      remedy: lineage ? renewAndLoad(facts, lineage.name) : `Put the key of ${certificatePath} at ${keyPath}.`,
    };
  });
};
