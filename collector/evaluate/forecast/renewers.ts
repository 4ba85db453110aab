import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Lineage, Mode, Snapshot } from '@certherd/protocol/snapshot';
import { organisationOf } from '../distinguished-name.ts';
import { holdingsOf, namesOf } from '../fleet/holdings.ts';

/** Who brings the next certificate to where this one is in use. */
export const renewers = ['agent', 'certbot', 'other-client', 'hand', 'nobody'] as const;
export type Renewer = (typeof renewers)[number];

/** One certificate in use on one host. */
export interface InUse {
  hostName: string;
  fingerprint: string;
  names: readonly string[];
  /** The organisation that issued it, else the issuer's whole name. */
  authority: string;
  /** Milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
  renewer: Renewer;
}

type Told = Pick<Snapshot, 'files' | 'lineages' | 'deployments' | 'endpoints' | 'findings'> & { host: { mode: Mode } };

/** Every certificate that a host presents or names in a config, and who renews it there. */
export function inUseOn(
  host: { agentId: string; name: string },
  told: Told,
  certificates: ReadonlyMap<string, Certificate>,
): InUse[] {
  const { held } = holdingsOf(host, told, certificates);
  return [...held].flatMap(([fingerprint, { inUse, files }]) => {
    const certificate = certificates.get(fingerprint);
    if (!inUse || !certificate) return [];
    return [
      {
        hostName: host.name,
        fingerprint,
        names: namesOf(certificate),
        authority: organisationOf(certificate.issuer),
        notBefore: Date.parse(certificate.notBefore),
        notAfter: Date.parse(certificate.notAfter),
        renewer: renewerOf(certificate, pathsOf(fingerprint, files, told), told, certificates),
      },
    ];
  });
}

function pathsOf(fingerprint: string, files: readonly string[], { deployments }: Told): string[] {
  const named = deployments.filter(({ configured }) => configured === fingerprint);
  return [...files, ...named.map(({ certificatePath }) => certificatePath)];
}

function renewerOf(
  certificate: Certificate,
  paths: readonly string[],
  { lineages, findings, host }: Told,
  certificates: ReadonlyMap<string, Certificate>,
): Renewer {
  const lineage = lineages.find(({ live, issued }) =>
    [live, issued].some((one) => isSamePurpose(certificates.get(one ?? ''), certificate)),
  );
  if (lineage) return ofLineage(lineage, host.mode, findings);
  const isUnmanaged = findings.some(({ code, subject }) => code === 'unmanaged' && paths.includes(subject.id));
  const isCopy = findings.some(({ code }) => code === 'stale-copy');
  return isUnmanaged || isCopy || paths.length === 0 ? 'hand' : 'other-client';
}

function ofLineage(lineage: Lineage, hostMode: Mode, findings: readonly Finding[]): Renewer {
  // certbot itself asks a person for what its manual plugin does, unless hooks are there, which no snapshot tells
  if (lineage.autorenew === false || lineage.authenticator === 'manual') return 'hand';
  if ((lineage.mode ?? hostMode) === 'renew') return 'agent';
  return findings.some(({ code }) => code === 'renewal-timer-dead') ? 'nobody' : 'certbot';
}

function isSamePurpose(one: Certificate | undefined, other: Certificate): boolean {
  return one?.algorithm === other.algorithm && namesOf(one).join('\n') === namesOf(other).join('\n');
}
