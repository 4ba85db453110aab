import type { Finding } from '@certherd/protocol/finding';
import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { missingByWords } from '../../../agent/decide/missing-right.ts';
import { deploymentDigest } from '../../../agent/decide/reload.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import type { OwnRights } from '../../../agent/observe/own-rights.ts';
import { config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const b = 'b'.repeat(64);
const denied = { reason: 'permission-denied' as const, detail: 'may not be read' };
const rootRights = 0x1ff_ffff_ffffn;
/** The shipped unit without its capability. */
const observer: OwnRights = {
  uid: 998,
  capabilities: 0n,
  noNewPrivileges: true,
  filtered: true,
  readOnlyMounts: [{ point: '/', readOnly: true, writableElsewhere: true }],
  processesHidden: false,
  unit: 'certherd-agent.service',
};
const judge = (change: Partial<Observations>, attempts: Attempt[] = []): Finding[] =>
  decide(observed(change), attempts, [], config('deploy'), noon).snapshot.findings;
const codes = (findings: Finding[]) => findings.map(({ severity, code }) => `${severity} ${code}`);

function unread(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const { configured: _none, keyMatches: _neither, ...rest } = deployment({ failure: denied });
    return { ...rest, id: String(index), certificatePath: `/srv/${index}.pem`, line: index + 1 };
  });
}

test('one finding for all that cannot be read, with the command that mends it; the list is capped', (t) => {
  const findings = judge({
    rights: observer,
    deployments: unread(30),
    endpoints: [],
    lineages: [lineage({ failure: denied })],
    servers: [
      {
        server: 'nginx',
        configFile: '/etc/nginx/nginx.conf',
        configFiles: [],
        failure: { ...denied, file: '/etc/nginx/x' },
      },
    ],
  });
  t.deepEqual(codes(findings), ['unknown sandbox-blocked']);
  const [finding] = findings;
  t.is(finding?.subject.id, 'web-1: read files');
  t.regex(finding?.evidence.concerned ?? '', /^\/etc\/nginx\/x, .*\/srv\/17\.pem, and 12 more$/);
  t.is(
    finding?.remedy,
    'In "systemctl edit certherd-agent.service" put under [Service]: AmbientCapabilities=CAP_DAC_READ_SEARCH, CapabilityBoundingSet=CAP_DAC_READ_SEARCH; then: systemctl restart certherd-agent.service',
  );
  t.is(
    judge({ rights: { ...observer, unit: undefined as never }, deployments: unread(1), endpoints: [] })[0]?.remedy,
    'sudo certherd-agent check',
  );
});

test('what the server cannot read either, or root cannot read with all its rights, is no fault of ours', (t) => {
  const master = { pid: 10, startedAt: noon, uid: 998, workers: [] };
  const running = { masters: [master], orphans: [], own: 10, pidFile: { path: '/p', pid: 10 }, log: [], changed: {} };
  t.deepEqual(codes(judge({ rights: observer, running, deployments: unread(1), endpoints: [] })), [
    'unknown file-unreadable',
  ]);
  const root = { ...observer, uid: 0, capabilities: rootRights };
  t.deepEqual(codes(judge({ rights: root, deployments: unread(1), endpoints: [] })), ['unknown file-unreadable']);
});

test('a config that only we cannot read is no time bomb, and does not hold the reload back', (t) => {
  const servers: Observations['servers'] = [
    { server: 'nginx', configFile: '/etc/nginx/nginx.conf', configFiles: [], failure: denied },
  ];
  t.deepEqual(codes(judge({ rights: observer, servers })), ['unknown sandbox-blocked']);
});

test('connections that our own sandbox refuses are told as such, with the directive', (t) => {
  const { served: _none, ...silent } = endpoint();
  const of = (failure: { reason: 'permission-denied' | 'unreachable'; detail: string }, rights = observer) =>
    judge({ rights, endpoints: [{ ...silent, failure }] })[0];
  const refused = of({ reason: 'permission-denied', detail: 'connect EPERM 127.0.0.1:443' });
  t.is(refused?.subject.id, 'web-1: open connections');
  t.regex(refused?.remedy ?? '', /IPAddressAllow=localhost/);
  const family = { reason: 'unreachable' as const, detail: 'connect EAFNOSUPPORT ::1:443' };
  t.regex(of(family)?.remedy ?? '', /RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX/);
  t.is(of(family, { ...observer, filtered: false })?.code, 'endpoint-unreachable');
});

test('a unix socket that we may not connect to is blamed on its permissions, and on no setting of our unit', (t) => {
  const { served: _none, ...silent } = endpoint();
  const failure = { reason: 'permission-denied' as const, detail: 'connect EACCES /run/shop/tls.sock' };
  const [finding] = judge({
    rights: observer,
    endpoints: [{ ...silent, address: 'unix:/run/shop/tls.sock', port: 0, failure }],
  });
  t.is(finding?.code, 'sandbox-blocked');
  t.is(finding?.subject.id, 'web-1: open unix sockets');
  t.is(finding?.evidence.concerned, 'unix:/run/shop/tls.sock');
  t.notRegex(`${finding?.cause} ${finding?.remedy}`, /IPAddress/);
  t.is(finding?.remedy, 'sudo certherd-agent check');
});

test('an action that our sandbox kept from its end is told until the state is served, and is no failed deployment', (t) => {
  const drifted = {
    rights: { ...observer, uid: 0 },
    lineages: [lineage({ issued: b, live: b })],
    deployments: [deployment({ configured: b })],
    endpoints: [endpoint({ configured: b, issued: b })],
  };
  const attempt: Attempt = {
    verb: 'reload',
    subject: deploymentDigest(observed(drifted)),
    at: noon,
    reason: 'sandbox-blocked',
    detail: 'open() "/run/nginx.pid" failed (30: Read-only file system)',
  };
  const told = judge(drifted, [attempt]);
  t.deepEqual(codes(told), ['critical not-served', 'unknown sandbox-blocked']);
  t.regex(told[1]?.remedy ?? '', /ReadWritePaths=\/run; then: systemctl restart/);
  const healed = { ...drifted, endpoints: [endpoint({ configured: b, issued: b, served: b })] };
  t.deepEqual(codes(judge(healed, [attempt])), []);
});

test("where act has a unit of its own, that one is named, by act's words and not by the agent's rights", (t) => {
  const drifted = {
    rights: observer,
    lineages: [lineage({ issued: b, live: b })],
    deployments: [deployment({ configured: b })],
    endpoints: [endpoint({ configured: b, issued: b })],
  };
  const told = (detail: string) => {
    const subject = deploymentDigest(observed(drifted));
    return judge(drifted, [{ verb: 'reload', subject, at: noon, reason: 'sandbox-blocked', detail }])[1];
  };
  const finding = told(
    'open() "/opt/logs/shop.log" failed (30: Read-only file system): certherd-agent may not write files here (/ is mounted read-only for it, and for others writable)',
  );
  t.is(finding?.subject.id, 'web-1: write files');
  t.is(finding?.evidence.unit, 'certherd-act@.service');
  t.is(
    finding?.remedy,
    'In "systemctl edit certherd-act@.service" put under [Service]: ReadWritePaths=/opt/logs',
    'it is started anew for each action',
  );
  t.regex(
    told(
      'kill(12, 1) failed (1: Operation not permitted): certherd-agent may not signal the server here (it runs as uid 0 without CAP_KILL (CapEff 4))',
    )?.remedy ?? '',
    /certherd-act@\.service.*: CapabilityBoundingSet=CAP_KILL$/,
  );
});

test("nginx's own words are blamed on a right only where this process lacks it", (t) => {
  const words: [string, string][] = [
    ['open() "/run/nginx.pid" failed (13: Permission denied)', 'write files'],
    ['bind() to 0.0.0.0:443 failed (13: Permission denied)', 'use ports below 1024'],
    [
      'cannot load certificate key "/k": BIO_new_file() failed (SSL: error:8000000D:system library::Permission denied)',
      'read files',
    ],
    ['chown("/var/lib/nginx/body", 33) failed (1: Operation not permitted)', 'change owners'],
    ['kill(12, 1) failed (1: Operation not permitted)', 'signal the server'],
    ['mkdir() "/var/lib/nginx/body" failed (30: Read-only file system)', 'write files'],
  ];
  const root = { ...observer, uid: 0, capabilities: rootRights, readOnlyMounts: [] };
  for (const [text, right] of words) {
    t.is(missingByWords(text, observer)?.right, right, text);
    t.is(missingByWords(text, root), undefined, text);
  }
  t.is(missingByWords('unknown directive "x" in /etc/nginx/nginx.conf:3', observer), undefined);
  t.is(missingByWords('bind() to 0.0.0.0:443 failed (98: Address already in use)', observer), undefined);
});
