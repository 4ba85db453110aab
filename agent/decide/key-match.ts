import type { Deployment, Lineage } from '@certherd/protocol/snapshot';
import { type Facts, type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { andReload, callOf, testText } from './server-commands.ts';

/** A certificate and a key that do not belong together, with what names them. */
interface Pair {
  certificatePath: string;
  keyPath: string;
  configured: string;
  lineage?: Lineage | undefined;
  deployment?: Deployment;
}

/** nginx refuses such a pair and would not start again, or takes it and fails every handshake: so nothing is reloaded. */
export const keyMismatch: Policy = (facts) =>
  pairsOf(facts).map((pair) => {
    const { lineage, keyPath, certificatePath, configured } = pair;
    const file = facts.observations.files.find(({ path }) => path === certificatePath);
    return {
      code: 'key-mismatch',
      severity: 'critical',
      subject: lineage ? { kind: 'lineage', id: lineage.name } : { kind: 'file', id: certificatePath },
      since: lineage?.changedAt ?? file?.modifiedAt ?? instant(facts.now),
      cause: `the private key ${keyPath} does not belong to the certificate ${certificatePath}: ${consequence(pair, facts)}`,
      evidence: { certificate: certificatePath, key: keyPath, fingerprint: configured },
      remedy: remedy(pair, facts),
    };
  });

/** One for each certificate: as a server names it, else as certbot left it. */
function pairsOf({ observations }: Facts): Pair[] {
  const { deployments, settling } = observations;
  const lineages = new Map(observations.lineages.map((lineage) => [lineage.name, lineage]));
  const pairs = new Map<string, Pair>();
  for (const deployment of deployments) {
    const { keyMatches, certificatePath, keyPath, configured = '', lineage = '' } = deployment;
    if (keyMatches !== false || pairs.has(certificatePath) || settling.includes(lineage)) continue;
    pairs.set(certificatePath, { certificatePath, keyPath, configured, lineage: lineages.get(lineage), deployment });
  }
  for (const lineage of lineages.values()) {
    const { certificatePath, keyPath, live: configured = '' } = lineage;
    if (lineage.keyMatches !== false || pairs.has(certificatePath) || settling.includes(lineage.name)) continue;
    pairs.set(certificatePath, { certificatePath, keyPath, configured, lineage });
  }
  return [...pairs.values()];
}

function consequence({ certificatePath, deployment }: Pair, { observations }: Facts): string {
  const using = observations.deployments.filter((one) => one.certificatePath === certificatePath);
  if (using.some(({ id }) => observations.foreignKeys?.includes(id)))
    return 'it is of another kind, so nginx takes the pair without a word, and from its next reload or start on no client gets a handshake';
  if (using.length > 0 && using.every(({ server }) => server === 'other'))
    return `${callOf(using[0], 'other')} cannot serve the pair, and goes on with what it loaded before at best`;
  return `${deployment?.server ?? 'nginx'} would refuse the pair, so it is not reloaded and serves what it loaded before`;
}

/** Where certbot's own two files agree the config names a wrong one, and a renewal would not change that. */
function remedy({ certificatePath, keyPath, lineage, deployment }: Pair, facts: Facts): string {
  const { lineages } = facts.observations;
  const owner = lineages.find((one) => one !== lineage && one.keyPath === keyPath);
  const isWrongName =
    deployment && keyPath !== lineage?.keyPath && (owner || (lineage && lineage.keyMatches !== false));
  if (isWrongName) {
    const place = `${deployment.configFile}:${deployment.line}`;
    const load = andReload(testText(deployment, facts.config), deployment, facts.config);
    return lineage
      ? `In ${place} name ${lineage.keyPath} as the key of ${certificatePath}, then: ${load}`
      : `In ${place} name the key of ${certificatePath} in place of ${keyPath}, which belongs to lineage ${owner?.name}, then: ${load}`;
  }
  return lineage ? renewAndLoad(facts, lineage.name) : `Put the key of ${certificatePath} at ${keyPath}.`;
}
