import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';
import { type Config, loadConfig } from '../../agent/config.ts';
import type { Observations, ObservedEndpoint } from '../../agent/observe/observations.ts';
import type { RenewalMachinery } from '../../agent/observe/renewal-machinery.ts';
import type { Upkeep } from '../../agent/observe/upkeep.ts';
import { systemFiles } from '../../agent/system/files.ts';

export const day = 86_400_000;

/** The middle of a 90-day certificate's life, unless a test says otherwise. */
export const noon = Date.parse('2026-11-23T12:00:00.000Z');

/** A certificate of 90 days that began 45 days before `noon`; `mark` (a hexadecimal digit) tells one from another. */
export function certificate(mark: string, change: Partial<Certificate> = {}): Certificate {
  return {
    fingerprint: mark.repeat(64),
    subject: 'CN=shop.example.test',
    issuer: 'CN=Test CA',
    subjectAltNames: ['shop.example.test'],
    serialNumber: '01',
    notBefore: new Date(noon - 45 * day).toISOString(),
    notAfter: new Date(noon + 45 * day).toISOString(),
    algorithm: 'ecdsa',
    key: 'EC prime256v1',
    isAuthority: false,
    ...change,
  };
}

export const live = '/etc/letsencrypt/live/shop';

/** A systemd host whose certbot.timer runs, on which no other ACME client is known. */
export function machinery(change: Partial<RenewalMachinery> = {}): RenewalMachinery {
  return {
    systemd: true,
    runners: [
      {
        kind: 'timer',
        name: 'certbot.timer',
        path: '/lib/systemd/system/certbot.timer',
        state: 'active',
        lastStartedAt: noon,
      },
    ],
    unreadable: [],
    clients: [],
    ...change,
  };
}

/** Upkeep without a fault. */
export function upkeep(change: Partial<Upkeep> = {}): Upkeep {
  return { keyFiles: [], trust: [], machinery: machinery(), lineageVersions: [], ...change };
}

/** A host on which all is well: one lineage, one server block, one endpoint, certificate "a" everywhere. */
export function observed(change: Partial<Observations> = {}): Observations {
  return {
    at: noon,
    host: { name: 'web-1', agentVersion: '0', platform: 'test', mode: 'observe' },
    certificates: [certificate('a'), certificate('b')],
    files: [
      {
        path: `${live}/fullchain.pem`,
        fingerprints: ['a'.repeat(64), 'c'.repeat(64)],
        modifiedAt: new Date(noon - day).toISOString(),
      },
    ],
    lineages: [lineage()],
    servers: [{ server: 'nginx', configFile: '/etc/nginx/nginx.conf', configFiles: ['/etc/nginx/nginx.conf'] }],
    deployments: [deployment()],
    endpoints: [endpoint()],
    certbot: { directory: 'present', binary: 'present' },
    settling: [],
    brokenChains: [],
    ...upkeep(),
    ...change,
  };
}

export function lineage(change: Partial<Lineage> = {}): Lineage {
  return {
    name: 'shop',
    renewalConfig: '/etc/letsencrypt/renewal/shop.conf',
    certificatePath: `${live}/fullchain.pem`,
    keyPath: `${live}/privkey.pem`,
    issued: 'a'.repeat(64),
    issuedVersion: 1,
    live: 'a'.repeat(64),
    liveVersion: 1,
    changedAt: new Date(noon - day).toISOString(),
    keyMatches: true,
    ...change,
  };
}

export function deployment(change: Partial<Deployment> = {}): Deployment {
  return {
    id: `/etc/nginx/nginx.conf:10:${live}/fullchain.pem`,
    server: 'nginx',
    configFile: '/etc/nginx/nginx.conf',
    line: 10,
    serverNames: ['shop.example.test'],
    listeners: [{ address: '0.0.0.0', port: 443, defaultServer: true, proxyProtocol: false }],
    certificatePath: `${live}/fullchain.pem`,
    keyPath: `${live}/privkey.pem`,
    configured: 'a'.repeat(64),
    lineage: 'shop',
    keyMatches: true,
    ...change,
  };
}

export function endpoint(change: Partial<ObservedEndpoint> = {}): ObservedEndpoint {
  return {
    id: 'shop.example.test@0.0.0.0:443/ecdsa',
    server: 'nginx',
    serverName: 'shop.example.test',
    address: '0.0.0.0',
    port: 443,
    algorithm: 'ecdsa',
    vantage: 'host',
    deployment: deployment().id,
    issued: 'a'.repeat(64),
    configured: 'a'.repeat(64),
    served: 'a'.repeat(64),
    chain: [],
    tlsVersion: 'TLSv1.3',
    ...change,
  };
}

/** The defaults of a host without any settings, with this mode; nothing is rehearsed. */
export function config(mode: Config['mode'] = 'observe'): Config {
  const loaded = loadConfig(systemFiles(), undefined, {
    hostName: 'web-1',
    isRoot: true,
    stateHome: '/root/.local/state',
  });
  if (!loaded.ok) throw new Error(loaded.failure.join('\n'));
  return { ...loaded.value, mode, certbot: { ...loaded.value.certbot, rehearsalMs: 0 } };
}
