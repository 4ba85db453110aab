import { registeredDomain } from '../../../collector/evaluate/registered-domain.ts';
import { createHash } from 'node:crypto';
import type { CertificateView, EndpointView, Estate, HostView, LineageView } from '../../../collector/serve/estate.ts';

const hour = 3_600_000;
const day = 24 * hour;
const letsEncrypt = "C=US, O=Let's Encrypt, CN=E7";

interface Site {
  readonly host: string;
  readonly names: readonly string[];
  readonly lineage?: string;
  readonly port?: number;
  readonly algorithms?: readonly ('ecdsa' | 'rsa')[];
  readonly lifeDays: number;
  readonly leftDays: number;
  readonly issuer?: string;
}

const sites: readonly Site[] = [
  {
    host: 'web-1',
    names: ['shop.example.com', 'www.shop.example.com'],
    algorithms: ['ecdsa', 'rsa'],
    lineage: 'shop.example.com',
    lifeDays: 90,
    leftDays: 61.2,
  },
  { host: 'web-1', names: ['checkout.example.com'], lineage: 'checkout.example.com', lifeDays: 90, leftDays: 44.7 },
  {
    host: 'web-2',
    names: ['shop.example.com', 'www.shop.example.com'],
    algorithms: ['ecdsa', 'rsa'],
    lineage: 'shop.example.com',
    lifeDays: 90,
    leftDays: 58.1,
  },
  { host: 'web-2', names: ['checkout.example.com'], lineage: 'checkout.example.com', lifeDays: 90, leftDays: 44.6 },
  {
    host: 'api-1',
    names: ['api.example.com', 'v2.api.example.com', 'hooks.example.com'],
    lineage: 'api.example.com',
    lifeDays: 45,
    leftDays: 31.4,
  },
  {
    host: 'api-2',
    names: ['api.example.com', 'v2.api.example.com'],
    lineage: 'api.example.com',
    lifeDays: 45,
    leftDays: 30.9,
  },
  {
    host: 'mail-1',
    names: ['mail.example.com', 'imap.example.com', 'smtp.example.com'],
    lineage: 'mail.example.com',
    lifeDays: 90,
    leftDays: 72.3,
  },
  {
    host: 'edge-fra',
    names: ['cdn.example.net', 'static.example.net', 'img.example.net'],
    lineage: 'cdn.example.net',
    lifeDays: 6.67,
    leftDays: 4.9,
  },
  {
    host: 'edge-fra',
    names: ['metrics.example.net'],
    port: 9443,
    lineage: 'metrics.example.net',
    lifeDays: 90,
    leftDays: 39.5,
  },
  {
    host: 'build-1',
    names: ['git.example.org', 'ci.example.org'],
    lineage: 'git.example.org',
    lifeDays: 90,
    leftDays: 66.6,
  },
  {
    host: 'legacy-7',
    names: ['intranet.example.org', 'wiki.example.org'],
    lifeDays: 365,
    leftDays: 118,
    issuer: 'C=GB, O=Sectigo Limited, CN=Sectigo RSA OV Secure Server CA',
  },
];

/** Eight hosts with about thirty endpoints, everything proved, as it might stand at `at`. */
export function healthyEstate(at: Date): Estate {
  const certificates = new Map<string, CertificateView>();
  const endpoints: EndpointView[] = [];
  const lineages: LineageView[] = [];
  for (const site of sites) {
    for (const algorithm of site.algorithms ?? (['ecdsa'] as const)) {
      const certificate = certificateOf(site, algorithm, at);
      certificates.set(certificate.fingerprint, certificate);
      if (site.lineage !== undefined) lineages.push(lineageOf(site, site.lineage, algorithm, certificate, at));
      for (const serverName of site.names) {
        const endpoint = endpointOf(site, serverName, algorithm, certificate, at);
        endpoints.push(endpoint);
        certificate.endpoints.push({ agentId: endpoint.agentId, hostName: site.host, id: endpoint.id });
      }
    }
  }
  return {
    version: 1,
    at: at.toISOString(),
    collector: { version: '0.1.0', startedAt: before(at, 9.2 * day) },
    hosts: [...new Set(sites.map(({ host }) => host))].map((name, index) => hostOf(name, index, at)),
    certificates: [...certificates.values()],
    endpoints,
    lineages,
    findings: [],
    listed: [],
    targets: [],
    events: [
      {
        ...on('web-2'),
        epoch: 'e1',
        seq: 41,
        at: before(at, 3.4 * hour),
        receivedAt: before(at, 3.4 * hour),
        kind: 'deployment',
        subject: { kind: 'lineage', id: 'shop.example.com' },
        ok: true,
        summary: 'shop.example.com: the new certificate is served at 4 of 4 endpoints.',
        detail: { fingerprint: fingerprint('web-2 shop.example.com ecdsa') },
        steps: [
          { step: 'preflight', ok: true, durationMs: 38 },
          { step: 'nginx -t', ok: true, durationMs: 61 },
          { step: 'reload', ok: true, durationMs: 24 },
          { step: 'prove', ok: true, durationMs: 1184, detail: '4 of 4 endpoints present it, 3 answers each' },
        ],
      },
      {
        ...on('web-2'),
        epoch: 'e1',
        seq: 40,
        at: before(at, 3.41 * hour),
        receivedAt: before(at, 3.41 * hour),
        kind: 'certificate-issued',
        subject: { kind: 'lineage', id: 'shop.example.com' },
        ok: true,
        summary: 'shop.example.com has a new certificate (version 14).',
        detail: {},
        steps: [],
      },
      {
        ...on('mail-1'),
        epoch: 'e1',
        seq: 3,
        at: before(at, 2.2 * day),
        receivedAt: before(at, 2.2 * day),
        kind: 'agent-started',
        subject: { kind: 'host', id: 'mail-1' },
        ok: true,
        summary: 'Agent 0.1.0 started.',
        detail: {},
        steps: [],
      },
    ],
  };
}

/** A collector on its first day: nobody enrolled. */
export function emptyEstate(at: Date): Estate {
  return {
    version: 1,
    at: at.toISOString(),
    collector: { version: '0.1.0', startedAt: before(at, 40_000) },
    hosts: [],
    certificates: [],
    endpoints: [],
    lineages: [],
    findings: [],
    events: [],
    listed: [],
    targets: [],
  };
}

/** The identity that an example host has wherever it is named. */
export function on(hostName: string): { agentId: string; hostName: string } {
  return { agentId: `agent-${hostName}`, hostName };
}

/** A fingerprint that belongs to `label`. */
export function fingerprint(label: string): string {
  return createHash('sha256').update(label).digest('hex');
}

/** The instant `ms` milliseconds before `at`. */
export function before(at: Date, ms: number): string {
  return new Date(at.getTime() - ms).toISOString();
}

function hostOf(name: string, index: number, at: Date): HostView {
  return {
    agentId: on(name).agentId,
    name,
    agentVersion: '0.1.0',
    platform: index % 3 === 2 ? 'Ubuntu 24.04 x64' : 'Debian 12 x64',
    mode: index === 6 ? 'observe' : index % 2 === 0 ? 'renew' : 'deploy',
    status: 'healthy',
    reason: 'Every endpoint is proved.',
    connected: true,
    enrolledAt: before(at, (40 + index) * day),
    lastHeardAt: before(at, 1000 * (1 + index)),
    observedAt: before(at, 1000 * (3 + index)),
  };
}

function certificateOf(site: Site, algorithm: 'ecdsa' | 'rsa', at: Date): CertificateView {
  const name = site.names[0] ?? '';
  return {
    fingerprint: fingerprint(`${site.host} ${name} ${algorithm}`),
    subject: `CN=${name}`,
    issuer: site.issuer ?? letsEncrypt,
    subjectAltNames: [...site.names],
    serialNumber: fingerprint(name).slice(0, 36).toUpperCase(),
    notBefore: before(at, (site.lifeDays - site.leftDays) * day),
    notAfter: before(at, -site.leftDays * day),
    algorithm,
    key: algorithm === 'rsa' ? 'RSA 2048' : 'EC prime256v1',
    isAuthority: false,
    basis: 'der',
    domains: [...new Set(site.names.map(registeredDomain))],
    firstSeenAt: before(at, (site.lifeDays - site.leftDays) * day),
    files: [{ ...on(site.host), path: pathOf(site, algorithm) }],
    endpoints: [],
  };
}

function endpointOf(
  site: Site,
  serverName: string,
  algorithm: 'ecdsa' | 'rsa',
  certificate: CertificateView,
  at: Date,
): EndpointView {
  const port = site.port ?? 443;
  const { fingerprint: print } = certificate;
  return {
    ...on(site.host),
    id: `${serverName}@0.0.0.0:${port}/${algorithm}`,
    server: 'nginx',
    serverName,
    address: '0.0.0.0',
    port,
    algorithm,
    vantage: 'host',
    deployment: `/etc/nginx/sites-enabled/${site.names[0]}:3:${pathOf(site, algorithm)}`,
    ...(site.lineage === undefined ? {} : { issued: print }),
    configured: print,
    served: print,
    chain: [fingerprint(certificate.issuer)],
    tlsVersion: 'TLSv1.3',
    reached: 'served',
    status: 'proved',
    observedAt: before(at, 4000),
    servedNotBefore: certificate.notBefore,
    servedNotAfter: certificate.notAfter,
  };
}

function lineageOf(
  site: Site,
  lineage: string,
  algorithm: 'ecdsa' | 'rsa',
  { fingerprint: print }: CertificateView,
  at: Date,
): LineageView {
  const name = algorithm === 'rsa' ? `${lineage}-rsa` : lineage;
  const renewalIn = (site.leftDays - site.lifeDays / 3) * day;
  return {
    ...on(site.host),
    name,
    renewalConfig: `/etc/letsencrypt/renewal/${name}.conf`,
    certificatePath: pathOf(site, algorithm),
    keyPath: pathOf(site, algorithm).replace('fullchain', 'privkey'),
    issued: print,
    live: print,
    keyMatches: true,
    renewal: {
      windowStart: before(at, -renewalIn),
      windowEnd: before(at, -renewalIn - day),
      at: before(at, -renewalIn - hour),
      basis: 'lifetime',
    },
  };
}

function pathOf({ lineage, names }: Site, algorithm: 'ecdsa' | 'rsa'): string {
  if (lineage === undefined) return `/etc/ssl/private/${names[0]}.pem`;
  return `/etc/letsencrypt/live/${algorithm === 'rsa' ? `${lineage}-rsa` : lineage}/fullchain.pem`;
}
