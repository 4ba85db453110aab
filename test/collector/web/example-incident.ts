import type { EndpointView, Estate, EventView, FindingView } from '../../../collector/serve/estate.ts';
import { before, fingerprint, healthyEstate, on } from './example-estate.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const renewalFailing =
  'certbot failed 3 times: the CA could not fetch the challenge (DNS problem: SERVFAIL looking up CAA).';

/** The healthy estate on a bad night: a drift, a key that does not match, a silent host, a refused renewal. */
export function incidentEstate(at: Date): Estate {
  const estate = healthyEstate(at);
  return {
    ...estate,
    hosts: estate.hosts.map((host) => ({ ...host, ...hostChanges(at)[host.name] })),
    endpoints: estate.endpoints.map((endpoint) => changedEndpoint(endpoint, at)),
    findings: findings(at),
    events: [...events(at), ...estate.events],
    listed: [
      { name: 'checkout.example.com', expiration: '2026-01-31', issuer: 'E7', labels: { owner: 'payments' } },
      { name: 'cdn.example.net', expiration: '', issuer: '', labels: {} },
      {
        name: 'vpn.example.com',
        expiration: '31.12.2026',
        issuer: 'DigiCert',
        labels: { owner: 'network', team: 'core' },
      },
    ],
  };
}

function hostChanges(at: Date): Record<string, Partial<Estate['hosts'][number]>> {
  return {
    'web-1': {
      labels: { owner: 'web' },
      status: 'critical',
      reason: '2 endpoints serve an older certificate than the one that is configured.',
    },
    'api-2': { status: 'warning', reason: renewalFailing },
    'edge-fra': { status: 'critical', reason: 'metrics.example.net: key and certificate do not match.' },
    'build-1': {
      status: 'unknown',
      reason: 'Silent for 47 min: nothing is known since.',
      connected: false,
      lastHeardAt: before(at, 47 * minute),
      observedAt: before(at, 47 * minute),
    },
  };
}

function changedEndpoint(endpoint: EndpointView, at: Date): EndpointView {
  const { hostName, serverName } = endpoint;
  if (hostName === 'web-1' && serverName === 'checkout.example.com') {
    const newest = fingerprint('web-1 checkout newest');
    return {
      ...endpoint,
      status: 'drift',
      reached: 'configured',
      issued: newest,
      configured: newest,
      servedNotBefore: before(at, 86.4 * day),
      servedNotAfter: before(at, -3.6 * day),
      labels: { owner: 'payments', runbook: 'https://wiki.example.com/tls', team: 'checkout' },
    };
  }
  if (hostName === 'edge-fra' && endpoint.port === 9443) {
    return { ...endpoint, status: 'drift', reached: 'on-disk', issued: fingerprint('edge newest') };
  }
  if (hostName === 'mail-1' && serverName === 'smtp.example.com') {
    const { served: _, servedNotBefore: _before, servedNotAfter: _after, ...rest } = endpoint;
    return {
      ...rest,
      status: 'unreachable',
      failure: { reason: 'connection-refused', detail: 'connect ECONNREFUSED 127.0.0.1:443' },
    };
  }
  if (hostName === 'build-1') return { ...endpoint, status: 'unknown', observedAt: before(at, 47 * minute) };
  return endpoint;
}

function findings(at: Date): FindingView[] {
  return [
    {
      ...on('api-2'),
      code: 'renewal-failing',
      severity: 'warning',
      subject: { kind: 'lineage', id: 'api.example.com' },
      since: before(at, 26 * hour),
      cause: renewalFailing,
      evidence: { attempts: '3', 'last error': 'urn:ietf:params:acme:error:dns\nDNS problem: SERVFAIL looking up CAA' },
      remedy: 'certbot renew --cert-name api.example.com --dry-run --no-random-sleep-on-renew',
      stale: false,
    },
    {
      ...on('web-1'),
      code: 'not-served',
      severity: 'critical',
      subject: { kind: 'endpoint', id: 'checkout.example.com@0.0.0.0:443/ecdsa' },
      since: before(at, 12 * minute),
      cause:
        'nginx still serves the certificate from before the renewal; it has not been reloaded since the file changed.',
      evidence: {
        configured: fingerprint('web-1 checkout newest'),
        served: fingerprint('web-1 checkout.example.com ecdsa'),
        'file changed': before(at, 12 * minute),
      },
      remedy: 'systemctl reload nginx',
      stale: false,
    },
    {
      ...on('edge-fra'),
      code: 'key-mismatch',
      severity: 'critical',
      subject: { kind: 'lineage', id: 'metrics.example.net' },
      since: before(at, 3 * hour),
      cause: 'privkey.pem does not belong to fullchain.pem: nginx would not start again with this pair.',
      evidence: { certificate: '/etc/letsencrypt/live/metrics.example.net/fullchain.pem' },
      remedy:
        'ln -sfn ../../archive/metrics.example.net/privkey4.pem /etc/letsencrypt/live/metrics.example.net/privkey.pem',
      stale: false,
    },
    {
      ...on('mail-1'),
      code: 'certbot-absent',
      severity: 'notice',
      subject: { kind: 'host', id: 'mail-1' },
      since: before(at, 2.2 * day),
      cause: 'certbot is not installed here, so nothing renews these certificates.',
      evidence: {},
      remedy: 'Install certbot, or renew on another host and copy the files here.',
      stale: false,
    },
  ];
}

function events(at: Date): EventView[] {
  return [
    {
      ...on('edge-fra'),
      epoch: 'e2',
      seq: 8,
      at: before(at, 11 * minute),
      receivedAt: before(at, 11 * minute),
      kind: 'deployment',
      subject: { kind: 'lineage', id: 'metrics.example.net' },
      ok: false,
      summary: 'metrics.example.net: stopped before the reload, the key does not match.',
      detail: { output: 'nginx: [emerg] SSL_CTX_use_PrivateKey failed\n(key values mismatch)' },
      steps: [{ step: 'preflight', ok: false, durationMs: 41, detail: 'key and certificate do not match' }],
    },
    {
      ...on('web-1'),
      epoch: 'e2',
      seq: 120,
      at: before(at, 12 * minute),
      receivedAt: before(at, 12 * minute),
      kind: 'finding-opened',
      subject: { kind: 'endpoint', id: 'checkout.example.com@0.0.0.0:443/ecdsa' },
      ok: false,
      summary: 'checkout.example.com serves an older certificate.',
      detail: {},
      steps: [],
    },
  ];
}
