import test from 'ava';
import type { FindingView } from '../../../collector/serve/estate.ts';
import { endpointStoryOf } from '../../../collector/present/endpoint-story.ts';
import { needsOf } from '../../../collector/present/needs.ts';
import { before, healthyEstate, on } from '../web/example-estate.ts';
import { incidentEstate } from '../web/example-incident.ts';

const at = new Date('2026-11-23T03:00:00.000Z');
const healthy = healthyEstate(at);

function finding(changes: Partial<FindingView>): FindingView {
  return {
    ...on('web-1'),
    code: 'not-served',
    severity: 'critical',
    subject: { kind: 'endpoint', id: 'checkout.example.com@0.0.0.0:443/ecdsa' },
    since: before(at, 60_000),
    cause: 'nginx was not reloaded',
    evidence: { configured: 'aa' },
    remedy: 'systemctl reload nginx',
    stale: false,
    ...changes,
  };
}

test('a healthy estate needs nobody', (t) => {
  t.deepEqual(needsOf(healthy), { pressing: [], notices: [] });
});

test('a revoked host needs nobody', (t) => {
  const revokedAt = before(at, 60_000);
  const hosts = healthy.hosts.map((host) => ({ ...host, status: 'unknown' as const, revokedAt }));
  t.deepEqual(needsOf({ ...healthy, hosts }), { pressing: [], notices: [] });
});

test('the order is critical, unknown, warning; what ends first comes first', (t) => {
  const { pressing, notices } = needsOf(incidentEstate(at));
  t.deepEqual(
    pressing.map(({ severity, name, hostName }) => [severity, name ?? hostName]),
    [
      ['critical', 'checkout.example.com'],
      ['critical', 'metrics.example.net'],
      ['unknown', 'build-1'],
      ['warning', 'api.example.com'],
    ],
  );
  t.deepEqual(
    notices.map(({ hostName }) => hostName),
    ['mail-1'],
  );
});

test('of two with the same deadline the older comes first', (t) => {
  const findings = [
    finding({ code: 'due', since: before(at, 1000) }),
    finding({ code: 'overdue', since: before(at, 9000) }),
  ];
  const { pressing } = needsOf({ ...healthy, findings });
  t.deepEqual(
    pressing.map(({ code }) => code),
    ['overdue', 'due'],
  );
});

test('a finding without a deadline comes after one with', (t) => {
  const findings = [
    finding({ subject: { kind: 'endpoint', id: 'gone@0.0.0.0:443/ecdsa' }, since: before(at, 9e9) }),
    finding({}),
  ];
  const { pressing } = needsOf({ ...healthy, findings });
  t.deepEqual(
    pressing.map(({ deadline }) => deadline !== undefined),
    [true, false],
  );
});

test('the deadline is the notAfter of what the endpoint serves', (t) => {
  const endpoint = healthy.endpoints.find(
    ({ hostName, serverName }) => hostName === 'web-1' && serverName.startsWith('checkout'),
  );
  const [need] = needsOf({ ...healthy, findings: [finding({})] }).pressing;
  t.truthy(endpoint?.servedNotAfter);
  t.is(need?.deadline?.notAfter, endpoint?.servedNotAfter);
  t.is(need?.name, 'checkout.example.com');
});

test('a lineage, a file and a deployment put the endpoints at risk that use them', (t) => {
  const path = '/etc/letsencrypt/live/checkout.example.com/fullchain.pem';
  const subjects = [
    { kind: 'lineage', id: 'checkout.example.com' },
    { kind: 'file', id: path },
    { kind: 'deployment', id: `/etc/nginx/sites-enabled/checkout.example.com:3:${path}` },
  ] as const;
  const deadlines = subjects.map(
    (subject) => needsOf({ ...healthy, findings: [finding({ subject })] }).pressing[0]?.deadline,
  );
  t.truthy(deadlines[0]);
  t.deepEqual(deadlines[1], deadlines[0]);
  t.deepEqual(deadlines[2], deadlines[0]);
});

test('what concerns the whole host puts its first-ending certificate at risk', (t) => {
  const [need] = needsOf({
    ...healthy,
    findings: [finding({ code: 'config-broken', subject: { kind: 'server', id: 'nginx' } })],
  }).pressing;
  const first = healthy.endpoints
    .filter(({ hostName }) => hostName === 'web-1')
    .map(({ servedNotAfter = '~' }) => servedNotAfter)
    .sort()[0];
  t.is(need?.deadline?.notAfter, first);
});

test('a silent host is a need of its own, beside its stale findings', (t) => {
  const hosts = healthy.hosts.map((host) =>
    host.name === 'web-1' ? { ...host, status: 'unknown' as const, connected: false, reason: 'Silent for 1 h.' } : host,
  );
  const { pressing } = needsOf({ ...healthy, hosts, findings: [finding({ stale: true })] });
  t.deepEqual(
    pressing.map(({ cause, stale }) => [cause, stale]),
    [
      ['nginx was not reloaded', true],
      ['Silent for 1 h.', false],
    ],
  );
});

test('a host that a fresh finding explains is not named twice', (t) => {
  const hosts = healthy.hosts.map((host) => (host.name === 'web-1' ? { ...host, status: 'critical' as const } : host));
  t.is(needsOf({ ...healthy, hosts, findings: [finding({})] }).pressing.length, 1);
});

test('a finding does not hide a reason that is not its own', (t) => {
  const reason = 'Another machine presents this identity.';
  const hosts = healthy.hosts.map((host) =>
    host.name === 'web-1' ? { ...host, status: 'warning' as const, reason } : host,
  );
  const { pressing } = needsOf({ ...healthy, hosts, findings: [finding({ severity: 'warning' })] });
  t.deepEqual(pressing.map(({ cause }) => cause).sort(), [reason, 'nginx was not reloaded']);
});

test('a deployment of many names is called by the first and how many more', (t) => {
  const deployment = healthy.endpoints.find(({ hostName }) => hostName === 'mail-1')?.deployment ?? '';
  const [need] = needsOf({
    ...healthy,
    findings: [finding({ ...on('mail-1'), subject: { kind: 'deployment', id: deployment } })],
  }).pressing;
  t.is(need?.name, 'mail.example.com and 2 more');
});

test('an expired certificate is of all that serve it, and of whoever one of its names belongs to', (t) => {
  const ofHost = healthy.endpoints.filter(({ hostName }) => hostName === 'mail-1');
  const served = 'e'.repeat(64);
  const endpoints = ofHost.map((one, index) => ({
    ...one,
    served: index < 2 ? served : 'f'.repeat(64),
    labels: [{ owner: 'post', team: 'one' }, { team: 'two' }][index] ?? {},
  }));
  const [first, second, third] = endpoints;
  if (!first || !second || !third) throw new Error('three endpoints');
  const subject = { kind: 'endpoint', id: second.id } as const;
  const findings = [finding({ ...on('mail-1'), code: 'expired', subject, evidence: { fingerprint: served } })];
  const needs = needsOf({ ...healthy, endpoints, findings });
  t.like(needs.pressing[0], {
    name: `${first.serverName} and 1 more`,
    names: [first.serverName, second.serverName],
    labels: { owner: 'post' },
  });
  const told = (one: typeof first) => endpointStoryOf({ ...healthy, endpoints }, needs, one)?.needs.pressing.length;
  t.deepEqual([first, second, third].map(told), [1, 1, 0]);
});

test('what is presented from outside is the deadline of what is of no host, and nobody is asked for it', (t) => {
  const life = { notBefore: before(at, 80 * 86_400_000), notAfter: before(at, -9 * 86_400_000) };
  const id = 'shop.example.com@192.0.2.1:443/ecdsa';
  const { pressing } = needsOf({
    ...healthy,
    findings: [
      finding({
        code: 'target-ending',
        agentId: '',
        hostName: 'shop.example.com',
        subject: { kind: 'endpoint', id },
        life,
      }),
    ],
  });
  t.like(pressing, [{ agentId: '', hostName: 'shop.example.com', name: id, deadline: life, offers: [] }]);
});
