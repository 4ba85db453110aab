import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding, Severity } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { brokenHash } from '@certherd/x509/signature-algorithm';
import { typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';

/** Keys that can be computed, or that clients refuse: RSA below 2048 bits, curves below P-256 or out of use, DSA. */
export function weakKey(facts: Facts): Finding[] {
  return deployedCertificates(facts).flatMap((deployed) => {
    const weakness = weaknessOf(deployed.certificate.key);
    if (!weakness) return [];
    const { certificate, deployment } = deployed;
    return [
      {
        code: 'weak-key' as const,
        severity: weakness.severity,
        ...placeOf(deployed, facts),
        cause: `${roleOf(deployed)} in ${deployment.certificatePath} has the key ${certificate.key}: ${weakness.why}`,
        evidence: {
          fingerprint: certificate.fingerprint,
          subject: certificate.subject.slice(0, 4000),
          key: certificate.key,
          wanted: 'RSA 2048 or more, EC prime256v1 or secp384r1',
        },
        remedy: remedyFor(deployed, facts, ['--key-type', 'ecdsa']),
      },
    ];
  });
}

/** Signatures over a hash that can be forged. What signed itself is left alone: nobody trusts it for its signature. */
export function weakSignature(facts: Facts): Finding[] {
  return deployedCertificates(facts).flatMap((deployed) => {
    const { certificate, deployment } = deployed;
    const signature = signatureOf(certificate);
    const hash = signature === undefined ? undefined : brokenHash(signature);
    if (signature === undefined || !hash || certificate.subject === certificate.issuer) return [];
    return [
      {
        code: 'weak-signature' as const,
        severity: hash === 'SHA-1' ? ('warning' as const) : ('critical' as const),
        ...placeOf(deployed, facts),
        cause: `${roleOf(deployed)} in ${deployment.certificatePath} is signed with ${signature}: ${hash} can be forged, and browsers refuse it`,
        evidence: {
          fingerprint: certificate.fingerprint,
          subject: certificate.subject.slice(0, 4000),
          issuer: certificate.issuer.slice(0, 4000),
          signature,
        },
        remedy: remedyFor(deployed, facts, []),
      },
    ];
  });
}

interface DeployedCertificate {
  certificate: Certificate;
  deployment: Deployment;
  /** 0 is the leaf. */
  position: number;
}

/** Every certificate in the files that deployments name, once, at the first place it is found. */
function deployedCertificates({ observations, certificates }: Facts): DeployedCertificate[] {
  const files = new Map(observations.files.map((file) => [file.path, file]));
  const found = new Map<string, DeployedCertificate>();
  for (const deployment of observations.deployments) {
    const fingerprints = files.get(deployment.certificatePath)?.fingerprints ?? [deployment.configured ?? ''];
    for (const [position, fingerprint] of fingerprints.entries()) {
      const certificate = certificates.get(fingerprint);
      if (certificate && !found.has(fingerprint)) found.set(fingerprint, { certificate, deployment, position });
    }
  }
  return [...found.values()];
}

function signatureOf(certificate: Certificate & { signature?: string }): string | undefined {
  return certificate.signature;
}

function placeOf({ deployment, certificate }: DeployedCertificate, { observations, now }: Facts) {
  const path = deployment.certificatePath;
  const file = observations.files.find((candidate) => candidate.path === path);
  const began = file?.modifiedAt ?? (Date.parse(certificate.notBefore) <= now ? certificate.notBefore : instant(now));
  return { subject: { kind: 'file' as const, id: path }, since: began };
}

function roleOf({ position }: DeployedCertificate): string {
  return position === 0 ? 'the certificate' : `the issuer at position ${position + 1}`;
}

function remedyFor({ deployment, position }: DeployedCertificate, facts: Facts, more: string[]): string {
  const { lineage, certificatePath, keyPath } = deployment;
  if (lineage) return renewAndLoad(facts, lineage, more);
  if (position > 0) return `Replace the issuer's certificate in ${certificatePath} by the one that its CA uses now.`;
  const request = ['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', `${keyPath || certificatePath}.new`, '-out', `${certificatePath}.csr`];
  const names = ['-subj', '/', '-addext', `subjectAltName=${altNames(deployment)}`];
  return typed([...request, ...files, ...names]);
}

/** Names that a certificate request can ask for; patterns and the catch-all cannot be certified. */
function altNames({ serverNames }: Deployment): string {
  const plain = serverNames.filter((name) => /^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(name));
  return (plain.length > 0 ? plain : ['NAME']).map((name) => `DNS:${name}`).join(',');
}

/** Judges a key by its text (protocol Certificate.key). Sizes: NIST SP 800-57 part 1 table 2, CA/B BR 6.1.5. */
function weaknessOf(key: string): { severity: Severity; why: string } | undefined {
  const [type = '', size = ''] = key.split(' ');
  if (type === 'DSA') return { severity: 'critical', why: 'no client accepts DSA any more' };
  if (type.startsWith('RSA')) {
    const bits = Number(size);
    if (!(bits < 2048)) return undefined;
    return bits < 1024
      ? { severity: 'critical', why: 'it can be computed from the certificate' }
      : { severity: 'warning', why: 'below 2048 bits OpenSSL at its usual level and every public CA refuse it' };
  }
  if (type !== 'EC') return undefined;
  if (accepted.test(size)) return undefined;
  const bits = curveBits(size);
  if (bits !== undefined && bits < 224) return { severity: 'critical', why: 'the curve is too small to be safe' };
  if (bits !== undefined && bits < 256) return { severity: 'warning', why: 'the curve is smaller than P-256' };
  if (bits === undefined && !retired.test(size)) return undefined;
  return { severity: 'warning', why: 'the curve is not one that public CAs certify or browsers accept' };
}

const accepted = /^(?:prime256v1|secp384r1|secp521r1|brainpoolP(?:256|320|384|512)[rt]1)$/;
/** Binary curves and the Bitcoin curve: none has a TLS 1.3 code point (RFC 8446 4.2.7). */
const retired = /^(?:sect|c2|secp256k1|wap-|Oakley-)/;

function curveBits(curve: string): number | undefined {
  const [, digits] = /^(?:secp|sect|prime|brainpoolP|c2pnb|c2tnb|c2onb)(\d{2,3})/.exec(curve) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
