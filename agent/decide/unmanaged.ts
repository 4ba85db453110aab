import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { clientOf } from '../observe/acme-clients.ts';
import type { LineageVersionsObserved } from '../observe/lineage-versions.ts';
import type { MachineryObserved } from '../observe/renewal-machinery.ts';
import type { TrustObserved } from '../observe/trust.ts';
import { adoptionNames } from './adoption-names.ts';
import { certbotEnvironment, certbotPlaces, ownCommand, typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { lifeLeft } from './renewal-time.ts';
import { copiedFrom } from './stale-copy.ts';

type UnmanagedFacts = Facts & { observations: MachineryObserved & LineageVersionsObserved & TrustObserved };

/** A certificate in use that no certbot lineage, nor any other client known here, would ever renew. */
export function unmanagedCertificate(facts: UnmanagedFacts): Finding[] {
  const { observations, certificates, now } = facts;
  const seen = new Set<string>();
  return observations.deployments.flatMap((deployment) => {
    const leaf = certificates.get(deployment.configured ?? '');
    const path = deployment.certificatePath;
    if (!leaf || seen.has(path) || managedBy(deployment, facts) !== undefined || copiedFrom(deployment, facts))
      return [];
    seen.add(path);
    const placeholder = isDefaultCertificate(leaf, deployment) || isCatchAll(leaf, deployment);
    const file = observations.files.find((candidate) => candidate.path === path);
    const { configFile, line } = deployment;
    const { remedy, adoption } = remedyFor(leaf, deployment, facts);
    // then `expired` is what is urgent, and this only says why it came to that
    const ended = Date.parse(leaf.notAfter) <= now;
    return [
      {
        code: 'unmanaged' as const,
        severity: placeholder ? ('notice' as const) : ended ? ('warning' as const) : severityOf(lifeLeft(leaf, now)),
        subject: { kind: 'file' as const, id: path },
        since: file?.modifiedAt ?? instant(now),
        cause: placeholder
          ? `${configFile}:${line} serves ${path}, a placeholder that signed itself: clients refuse it`
          : `${path} belongs to no certbot lineage, and no other client here is known to renew it: ${ended ? `it ended at ${leaf.notAfter}, and` : `by ${leaf.notAfter}`} somebody has to do it by hand`,
        evidence: {
          fingerprint: leaf.fingerprint,
          issuer: leaf.issuer.slice(0, 4000),
          notAfter: leaf.notAfter,
          config: `${configFile}:${line}`,
          'looked for': 'certbot, acme.sh, lego, dehydrated, Caddy, cert-manager',
          ...(adoption !== undefined && !placeholder && remedy.length <= 4000 && { 'by hand': remedy }),
        },
        remedy: placeholder ? remedyForPlaceholder(leaf, deployment) : (adoption ?? remedy),
      },
    ];
  });
}

/** Who renews a deployment's certificate: "certbot (lineage NAME)", another client's name, or undefined where nobody is known to. */
export function managedBy(
  deployment: Deployment,
  { observations }: { observations: MachineryObserved },
): string | undefined {
  if (deployment.lineage !== undefined) return `certbot (lineage ${deployment.lineage})`;
  return clientOf(observations.machinery.clients, deployment.certificatePath);
}

/** A placeholder that signed itself: Debian's ssl-cert package, and what Red Hat's httpd and many installers make. */
export function isDefaultCertificate(leaf: Certificate, deployment: Deployment | undefined): boolean {
  if (leaf.subject !== leaf.issuer) return false;
  const path = deployment?.certificatePath ?? '';
  const named = /O=SomeOrganization(?:,|$)|(?:^|, )CN=localhost(?:\.localdomain)?(?:,|$)/.test(leaf.subject);
  return named || /(?:^|\/)(?:ssl-cert-snakeoil|localhost|dummy|default|self-?signed)[^/]*$/i.test(path);
}

/** For clients that ask for a name which is not served here; that they refuse it is what it is for. */
export function isCatchAll(leaf: Certificate, { serverNames }: Deployment): boolean {
  return leaf.subject === leaf.issuer && serverNames.every((name) => name === '' || name === '_');
}

/** The less of its life is left, the louder: nothing but this finding counts down to its end. */
function severityOf(left: number): 'critical' | 'warning' | 'notice' {
  if (left <= 1 / 6) return 'critical';
  return left <= 1 / 3 ? 'warning' : 'notice';
}

/** Where it stands for names that are not served here, it does what it is there for. */
function remedyForPlaceholder(leaf: Certificate, deployment: Deployment): string {
  const { certificatePath: path, server } = deployment;
  if (!isCatchAll(leaf, deployment)) return `Put a certificate that clients trust in the place of ${path}.`;
  const refusing = server === 'nginx' ? ' (nginx 1.19.4 and later can do without: "ssl_reject_handshake on;")' : '';
  return `Nothing, if it only answers clients that ask for a name not served here${refusing}; else put a certificate that clients trust in the place of ${path}.`;
}

/** What a person types to have certbot renew it, and the command that goes all the way, where it can. */
function remedyFor(
  leaf: Certificate,
  deployment: Deployment,
  facts: UnmanagedFacts,
): { remedy: string; adoption?: string } {
  const { config, observations } = facts;
  // no public CA issues from its root itself: certbot would bring in a certificate of another CA
  const ownCa = observations.trust.some(
    ({ fingerprints, trusted }) => trusted && fingerprints.length === 1 && fingerprints[0] === leaf.fingerprint,
  );
  if (ownCa)
    return {
      remedy: `Have ${deployment.certificatePath} renewed by ${leaf.issuer.slice(0, 2000)}, the private CA that issued it, or note who renews it by hand.`,
    };
  const names = deployment.serverNames.filter((name) => /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(name));
  if (names.length === 0 || deployment.server === 'haproxy' || deployment.server === 'other')
    return { remedy: `Have ${deployment.certificatePath} renewed by an ACME client, or note who renews it by hand.` };
  const plugin = deployment.server === 'apache' ? '--apache' : '--nginx';
  const wanted = names.slice(0, 100).flatMap((name) => ['-d', name]);
  const remedy = typed(
    [config.certbot.binary, plugin, ...wanted, ...certbotPlaces(config)],
    certbotEnvironment(config),
  );
  const adoption = adoptionRemedy(deployment, facts);
  return { remedy, ...(adoption !== undefined && { adoption }) };
}

/** `certherd-agent adopt NAME`, where it would not refuse for what the config says. */
function adoptionRemedy(deployment: Deployment, { observations, config }: UnmanagedFacts): string | undefined {
  const { certificatePath: path } = deployment;
  const all = observations.deployments.filter(({ certificatePath }) => certificatePath === path);
  const isPlain = ({ server, failure, configFile, line }: Deployment) =>
    server === 'nginx' &&
    failure?.reason !== 'unsupported' &&
    !observations.deployments.some(
      (other) => other.configFile === configFile && other.line === line && other.certificatePath !== path,
    );
  const wanted = adoptionNames(all);
  if (!all.every(isPlain) || !wanted.ok || observations.certbot.binary === 'absent') return undefined;
  const [name = path] = wanted.value.names;
  const isClear = observations.deployments.every(
    ({ serverNames, certificatePath }) => certificatePath === path || !serverNames.includes(name),
  );
  return ownCommand(['adopt', isClear ? name : path], config);
}
