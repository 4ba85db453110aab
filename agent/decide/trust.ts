import { posix } from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';
import type { ObservedEndpoint } from '../observe/observations.ts';
import type { ChainTrust, TrustObserved } from '../observe/trust.ts';
import { certbotPlaces, typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { loadingCommands, renewAndLoad } from './renewal-remedy.ts';
import { reloadText } from './server-commands.ts';
import { isCatchAll, isDefaultCertificate } from './unmanaged.ts';

/** What clients are shown does not lead to a root that this host trusts. A private CA's root belongs into extra_roots. */
export function untrustedChain(facts: Facts & { observations: TrustObserved }, earlier: Finding[] = []): Finding[] {
  const { observations, certificates, now } = facts;
  return observations.trust.flatMap((chain) => {
    if (chain.trusted || !chain.at) return [];
    const key = chain.fingerprints.join(' ');
    const endpoints = observations.endpoints.filter(({ served, chain }) => [served, ...chain].join(' ') === key);
    const [endpoint] = endpoints;
    const leaf = certificates.get(chain.fingerprints[0] ?? '');
    if (!endpoint || !leaf) return [];
    // `chain-incomplete` has found the cause
    const isTold = ({ code, severity, subject }: Finding) =>
      code === 'chain-incomplete' && severity === 'critical' && endpoints.some(({ id }) => id === subject.id);
    if (chain.problem === 'no-issuer' && earlier.some(isTold)) return [];
    // a server that answers for another's name shows its own certificate, and not the one of the endpoint's deployment
    const holding = observations.deployments.filter(({ configured }) => configured === leaf.fingerprint);
    const meant = observations.deployments.find(({ id }) => id === endpoint.deployment);
    const deployment = holding.find((one) => one === meant) ?? holding[0] ?? meant;
    // that nobody could trust it is not news about a placeholder; `unmanaged` tells of it
    const placeholder = holding.some((one) => isDefaultCertificate(leaf, one) || isCatchAll(leaf, one));
    if (chain.problem === 'self-signed' && (placeholder || endpoints.every(catchesAll))) return [];
    const judged = judge(chain, leaf, deployment, facts);
    const file = observations.files.find(({ path }) => path === deployment?.certificatePath);
    const expired = chain.problem === 'issuer-expired';
    return [
      {
        code: 'chain-untrusted' as const,
        severity: judged.severity,
        subject: { kind: 'endpoint' as const, id: endpoint.id },
        since: expired ? chain.at.notAfter : (file?.modifiedAt ?? instant(now)),
        cause: judged.cause.slice(0, 4000),
        evidence: {
          leaf: leaf.fingerprint,
          chain: chain.fingerprints.slice(1).join(' ').slice(0, 4000),
          'ends at': chain.at.subject,
          'issued by': chain.at.issuer,
          endpoints: endpoints
            .map(({ id }) => id)
            .join(', ')
            .slice(0, 4000),
          ...(expired ? { notAfter: chain.at.notAfter, now: instant(now) } : {}),
        },
        remedy: judged.remedy.slice(0, 8000),
      },
    ];
  });
}

interface Judged {
  severity: Finding['severity'];
  cause: string;
  remedy: string;
}

function judge(chain: ChainTrust, leaf: Certificate, deployment: Deployment | undefined, facts: Facts): Judged {
  const at = chain.at ?? { subject: '', issuer: '', notAfter: '', notBefore: '' };
  const path = deployment?.certificatePath ?? 'the certificate file';
  const lineage = facts.observations.lineages.find(({ name }) => name === deployment?.lineage);
  const renew = lineage && renewAndLoad(facts, lineage.name);
  const testAuthority = testAuthorityIn([leaf.issuer, at.subject, at.issuer]);
  if (testAuthority)
    return {
      severity: 'critical',
      cause: `clients are shown a certificate of ${testAuthority}, which no client trusts`,
      remedy: lineage ? issueAnew(lineage, leaf, facts) : `Replace ${path} by a certificate that clients trust.`,
    };
  if (chain.problem === 'issuer-expired' || chain.problem === 'issuer-not-yet-valid') {
    const expired = chain.problem === 'issuer-expired';
    return {
      severity: 'critical',
      cause: expired
        ? `the chain leads over ${at.subject}, which ended at ${at.notAfter}: clients refuse it although the leaf is valid`
        : `the chain leads over ${at.subject}, which begins at ${at.notBefore}: this host's clock may be wrong`,
      remedy: expired
        ? (renew ??
          `Replace the issuer's certificate in ${path} by the one that its CA uses now, then reload the server.`)
        : 'timedatectl status',
    };
  }
  const holds = deployment?.configured === leaf.fingerprint;
  const authority = chain.problem === 'no-issuer' ? at.issuer : at.subject;
  const causes: Record<string, string> = {
    'self-signed': `the certificate ${holds ? `in ${path}` : 'that clients are shown'} signed itself: only clients that were told to trust it do`,
    'unknown-root': `the chain ends in ${authority}, a root that this host does not trust: a private CA, or one that was withdrawn`,
    'no-issuer': `the chain ends before ${authority}, which is neither sent nor trusted by this host: an intermediate is missing, or the CA is a private one`,
    'gave-up': 'the chain holds so many certificates of the same name that the search for a root was given up',
  };
  const place = deployment && `${deployment.configFile}:${deployment.line}`;
  // certbot writes cert.pem anew at each renewal: nothing may be put into it
  if (holds && lineage && chain.problem === 'no-issuer' && path === siblingOf(lineage, 'cert.pem'))
    return {
      severity: 'warning',
      cause: `${place} names ${path}, which holds the leaf without its intermediate ${authority}: clients that lack it refuse the leaf`,
      remedy: `In ${place} name ${lineage.certificatePath} in the place of ${path}, then: ${reloadText(deployment, deployment.server, facts.config)}`,
    };
  return {
    severity: 'warning',
    cause: causes[chain.problem ?? ''] ?? '',
    remedy: `If ${authority} is your own CA, name its root in agent.toml: extra_roots = ["/path/of/root.pem"]; if not, put a certificate that clients trust, with its intermediates, into ${path}.`,
  };
}

function siblingOf({ certificatePath }: Lineage, name: string): string {
  return posix.join(posix.dirname(certificatePath), name);
}

/** CAs that exist for trying things out. Let's Encrypt marks the names of its staging environment. */
function testAuthorityIn(names: readonly string[]): string | undefined {
  const text = names.join('\n');
  if (/\(STAGING\)|Fake LE |happy hacker fake CA/i.test(text)) return "Let's Encrypt's staging environment";
  if (/CN=Pebble (?:Intermediate|Root) CA/i.test(text)) return 'pebble, an ACME test CA';
  if (/CN=minica root ca|O=mkcert development/i.test(text)) return 'a CA for development (minica or mkcert)';
  return undefined;
}

/** `renew` keeps the CA that the lineage came from, and its account there: only a new order leaves the staging environment. */
function issueAnew(lineage: Lineage, leaf: Certificate, facts: Facts): string {
  const { config } = facts;
  const names = leaf.subjectAltNames.flatMap((name) => ['-d', name]);
  const order = typed([
    config.certbot.binary,
    'certonly',
    '--cert-name',
    lineage.name,
    '--force-renewal',
    '--server',
    'https://acme-v02.api.letsencrypt.org/directory',
    ...(lineage.authenticator ? ['--authenticator', lineage.authenticator] : []),
    ...names,
    ...certbotPlaces(config),
  ]);
  return [order, ...loadingCommands(facts, lineage.name)].join(' && ');
}

/** Shown only to clients that ask for a name which is not served here. */
function catchesAll({ serverName }: ObservedEndpoint): boolean {
  return serverName === '' || serverName === '_';
}
