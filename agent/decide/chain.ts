import type { Finding } from '@certherd/protocol/finding';
import type { FileObservation } from '@certherd/protocol/snapshot';
import type { Untidiness } from '../formats/chain.ts';
import type { ObservedEndpoint } from '../observe/observations.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { callOf, reloadText } from './server-commands.ts';

/** Clients that do not know the intermediate refuse a leaf that comes without it, or with a wrong one. */
export const brokenChain: Policy = (facts) => {
  const { observations, certificates, now } = facts;
  return observations.files
    .filter((file) => observations.brokenChains.includes(file.path))
    .filter((file) => observations.deployments.some((deployment) => deployment.certificatePath === file.path))
    .map((file) => {
      const seen = observations.trust.find(({ fingerprints }) => isSame(fingerprints, file.fingerprints));
      const untidy = seen?.trusted ? seen.untidy : undefined;
      const alone = file.fingerprints.length === 1;
      const issuer = certificates.get(file.fingerprints[0] ?? '')?.issuer.slice(0, 2000) ?? 'which is not known';
      return {
        code: 'chain-incomplete',
        // A leaf alone is how private CAs without an intermediate do it.
        severity: untidy ? severityOf(untidy) : alone ? 'notice' : 'warning',
        subject: { kind: 'file', id: file.path },
        since: file.modifiedAt ?? instant(now),
        cause: untidy
          ? `${file.path} holds ${wordsFor(untidy)}`
          : alone
            ? `${file.path} holds the leaf alone, without the certificate of its issuer, ${issuer}: clients that lack that refuse the leaf`
            : `the certificates in ${file.path} are not each issued by the next: clients that lack the intermediate refuse the leaf`,
        evidence: { file: file.path, certificates: file.fingerprints.join(' ').slice(0, 4000) },
        remedy: remedyFor(file.path, facts),
      };
    });
};

/** What is sent is not what the file holds: issuers are missing, or it is out of order, repeats or has what nobody needs. */
export const brokenServedChain: Policy = (facts) => {
  const told = new Set<string>();
  return facts.observations.endpoints.flatMap((endpoint) => {
    const { served, chain } = endpoint;
    const deployment = facts.observations.deployments.find(({ id }) => id === endpoint.deployment);
    const file = facts.observations.files.find(({ path }) => path === deployment?.certificatePath);
    if (!served || !deployment || !file || deployment.configured !== served) return [];
    const sent = [served, ...chain];
    const key = `${deployment.id} ${sent.join(' ')}`;
    // one server sends the same for each of its names
    if (isSame(sent, file.fingerprints) || told.has(key)) return [];
    told.add(key);
    const finding = judgeSent(endpoint, sent, file, facts);
    return finding ? [finding] : [];
  });
};

function judgeSent(
  endpoint: ObservedEndpoint,
  sent: string[],
  file: FileObservation,
  facts: Facts,
): Finding | undefined {
  const { observations, certificates, config, now } = facts;
  const deployment = observations.deployments.find(({ id }) => id === endpoint.deployment);
  const seen = observations.trust.find(({ fingerprints }) => isSame(fingerprints, sent));
  if (!seen) return undefined;
  // a root need not be sent (RFC 8446 4.4.2), and what is wrong with the file has a finding of its own
  const missing = observations.brokenChains.includes(file.path)
    ? []
    : file.fingerprints.filter((one) => !sent.includes(one) && !isRoot(one, facts));
  const server = callOf(deployment, endpoint.server);
  const common = {
    code: 'chain-incomplete' as const,
    subject: { kind: 'endpoint' as const, id: endpoint.id },
    evidence: {
      sent: sent.join(' ').slice(0, 4000),
      file: file.path,
      'in the file': file.fingerprints.join(' ').slice(0, 4000),
    },
    remedy: reloadText(deployment, endpoint.server, config),
  };
  if (missing.length > 0) {
    const names = missing.map((one) => certificates.get(one)?.subject ?? one).join('; ');
    return {
      ...common,
      severity: seen.trusted ? 'notice' : seen.problem === 'no-issuer' ? 'critical' : 'warning',
      since: file.modifiedAt ?? instant(now),
      cause:
        `${server} sends the certificate without ${names}, which ${file.path} holds: it has not loaded the file since then, or takes its issuers from elsewhere; clients that lack them refuse it`.slice(
          0,
          4000,
        ),
    };
  }
  if (!seen.untidy) return undefined;
  return {
    ...common,
    severity: severityOf(seen.untidy),
    since: instant(now),
    cause: `${server} sends ${wordsFor(seen.untidy)}, and not what ${file.path} holds`,
  };
}

/** Clients of TLS 1.2 may insist on the order; what is too much only costs bytes in each handshake. */
function severityOf({ unsorted }: Untidiness): 'warning' | 'notice' {
  return unsorted ? 'warning' : 'notice';
}

function wordsFor({ unsorted, repeated, strangers }: Untidiness): string {
  const places = (positions: number[]) => positions.map((at) => at + 1).join(', ');
  return [
    ...(unsorted ? ['an issuer before the certificate that it issued, which some clients do not follow'] : []),
    ...(repeated.length > 0 ? [`the same certificate again (position ${places(repeated)})`] : []),
    ...(strangers.length > 0 ? [`certificates that issued none of the others (position ${places(strangers)})`] : []),
  ].join(' and ');
}

function isRoot(fingerprint: string, { certificates }: Facts): boolean {
  const certificate = certificates.get(fingerprint);
  return certificate !== undefined && certificate.subject === certificate.issuer;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

/** certbot writes the files under live/ anew at each renewal: what is wrong there is the name in the config. */
function remedyFor(path: string, { observations, config }: Facts): string {
  const deployment = observations.deployments.find(({ certificatePath }) => certificatePath === path);
  const lineage = observations.lineages.find(({ name }) => name === deployment?.lineage);
  if (!deployment || !lineage || lineage.certificatePath === path)
    return `Put the leaf first and each issuer after it in ${path}; with certbot that is fullchain.pem.`;
  return `In ${deployment.configFile}:${deployment.line} name ${lineage.certificatePath} in the place of ${path}, then: ${reloadText(deployment, deployment.server, config)}`;
}
