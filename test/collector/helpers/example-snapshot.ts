import { createHash } from 'node:crypto';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Event } from '@certherd/protocol/event';
import type { Finding } from '@certherd/protocol/finding';
import type { SnapshotFrame } from '@certherd/protocol/frame';
import type { Deployment, Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import { type ToldEvent, toldEvent } from '../../../collector/receive/told-events.ts';

export const day = 86_400_000;

/** A made-up certificate; its fingerprint follows from `mark`. */
export function certificate(mark: string, change: Partial<Certificate> = {}): Certificate {
  return {
    fingerprint: createHash('sha256').update(mark).digest('hex'),
    subject: 'C=US, O=Example\\, Inc., CN=shop.example.test',
    issuer: 'O=Test, CN=Test CA R3',
    subjectAltNames: ['shop.example.test', 'www.shop.example.test', '192.0.2.7', 'email:ops@example.test'],
    serialNumber: '0A1B2C',
    notBefore: '2026-10-01T00:00:00.000Z',
    notAfter: '2099-01-01T00:00:00.000Z',
    algorithm: 'ecdsa',
    key: 'EC prime256v1',
    isAuthority: false,
    ...change,
  };
}

const path = '/etc/letsencrypt/live/shop/fullchain.pem';

export function endpoint(served: Certificate | undefined, change: Partial<Endpoint> = {}): Endpoint {
  const fingerprint = served?.fingerprint;
  return {
    id: 'shop.example.test@0.0.0.0:443/ecdsa',
    server: 'nginx',
    serverName: 'shop.example.test',
    address: '0.0.0.0',
    port: 443,
    algorithm: 'ecdsa',
    vantage: 'host',
    deployment: deployment.id,
    ...(fingerprint === undefined ? {} : { issued: fingerprint, configured: fingerprint, served: fingerprint }),
    chain: [],
    reached: 'served-everywhere',
    ...change,
  };
}

const deployment: Deployment = {
  id: `/etc/nginx/nginx.conf:12:${path}`,
  server: 'nginx',
  configFile: '/etc/nginx/nginx.conf',
  line: 12,
  serverNames: ['shop.example.test'],
  listeners: [{ address: '0.0.0.0', port: 443, defaultServer: true, proxyProtocol: false }],
  certificatePath: path,
  keyPath: '/etc/letsencrypt/live/shop/privkey.pem',
  lineage: 'shop',
  keyMatches: true,
};

export function finding(change: Partial<Finding> = {}): Finding {
  return {
    code: 'not-served',
    severity: 'critical',
    subject: { kind: 'endpoint', id: 'shop.example.test@0.0.0.0:443/ecdsa' },
    since: '2026-11-20T10:00:00.000Z',
    cause: 'nginx was not reloaded since the file changed.',
    evidence: { configured: 'a', served: 'b' },
    remedy: 'systemctl reload nginx',
    ...change,
  };
}

/** A host on which one certificate is issued, configured and served. */
export function snapshot(one: Certificate, change: Partial<Snapshot> = {}): Snapshot {
  return {
    host: { name: 'web-1', agentVersion: '0.1.0', platform: 'Debian 12', mode: 'deploy' },
    certificates: [one],
    files: [{ path, fingerprints: [one.fingerprint], modifiedAt: '2026-11-20T10:00:00.000Z' }],
    lineages: [
      {
        name: 'shop',
        renewalConfig: '/etc/letsencrypt/renewal/shop.conf',
        certificatePath: path,
        keyPath: '/etc/letsencrypt/live/shop/privkey.pem',
        issued: one.fingerprint,
        live: one.fingerprint,
        keyMatches: true,
      },
    ],
    servers: [{ server: 'nginx', configFile: '/etc/nginx/nginx.conf', configFiles: ['/etc/nginx/nginx.conf'] }],
    deployments: [{ ...deployment, configured: one.fingerprint }],
    endpoints: [endpoint(one)],
    findings: [],
    ...change,
  };
}

export function snapshotFrame(content: Snapshot, observedAt = new Date().toISOString()): SnapshotFrame {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return { type: 'snapshot', digest, observedAt, snapshot: content };
}

export function event(seq: number, change: Partial<Event> = {}): Event {
  return {
    seq,
    at: '2026-11-23T21:43:35.000Z',
    kind: 'deployment',
    subject: { kind: 'lineage', id: 'shop' },
    ok: true,
    summary: `Step ${seq} ended.`,
    detail: {},
    steps: [{ step: 'reload', ok: true, durationMs: 12.5 }],
    ...change,
  };
}

/** As the frame that tells them is read. */
export function told(...events: Event[]): ToldEvent[] {
  return events.map((one) => toldEvent(one));
}
