import type { Certificate } from '@certherd/protocol/certificate';
import type { Subject } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { reloadText } from './server-commands.ts';

/** What clients are shown, or would be shown after a reload, or what certbot keeps, and which is not valid now. */
export const outsideValidity: Policy = (facts) => {
  const { observations, certificates, config, now } = facts;
  const used = new Map<
    string,
    { certificate: Certificate; subject: Subject; lineage: string | undefined; deployment?: Deployment; what: string }
  >();
  for (const endpoint of observations.endpoints) {
    const certificate = certificates.get(endpoint.served ?? '');
    const deployment = observations.deployments.find(({ id }) => id === endpoint.deployment);
    if (certificate)
      used.set(certificate.fingerprint, {
        certificate,
        subject: { kind: 'endpoint', id: endpoint.id },
        lineage: deployment?.lineage,
        ...(deployment && { deployment }),
        what: 'the certificate that clients are shown',
      });
  }
  for (const deployment of observations.deployments) {
    const certificate = certificates.get(deployment.configured ?? '');
    if (certificate && !used.has(certificate.fingerprint)) {
      used.set(certificate.fingerprint, {
        certificate,
        subject: { kind: 'deployment', id: deployment.id },
        lineage: deployment.lineage,
        deployment,
        what: 'the configured certificate',
      });
    }
  }
  for (const lineage of observations.lineages) {
    const certificate = certificates.get(lineage.live ?? '');
    if (certificate && !used.has(certificate.fingerprint)) {
      used.set(certificate.fingerprint, {
        certificate,
        subject: { kind: 'lineage', id: lineage.name },
        lineage: lineage.name,
        what: 'the newest certificate of the lineage',
      });
    }
  }
  return [...used.values()].flatMap(({ certificate, subject, lineage, deployment, what }) => {
    const expired = Date.parse(certificate.notAfter) <= now;
    const early = Date.parse(certificate.notBefore) > now;
    if (!expired && !early) return [];
    const newest = observations.lineages.find(({ name }) => name === lineage);
    const renewed = newest?.live !== undefined && newest.live !== certificate.fingerprint;
    return [
      {
        code: expired ? ('expired' as const) : ('not-yet-valid' as const),
        severity: 'critical' as const,
        subject,
        since: expired ? certificate.notAfter : instant(now),
        cause: expired
          ? `${what} ended at ${certificate.notAfter}${renewed ? '; a newer one is on disk and not served' : ''}`
          : `${what} begins at ${certificate.notBefore}: this host's clock may be wrong`,
        evidence: {
          fingerprint: certificate.fingerprint,
          notBefore: certificate.notBefore,
          notAfter: certificate.notAfter,
          now: instant(now),
        },
        remedy: early
          ? 'timedatectl status'
          : renewed
            ? reloadText(deployment, deployment?.server ?? 'nginx', config)
            : lineage
              ? renewAndLoad(facts, lineage)
              : `Install a valid certificate${deployment ? ` at ${deployment.certificatePath}` : ''}, then: ${reloadText(deployment, deployment?.server ?? 'nginx', config)}`,
      },
    ];
  });
};
