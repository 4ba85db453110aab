import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import {
  certificate,
  config,
  day,
  deployment,
  endpoint,
  lineage,
  live,
  machinery,
  noon,
  observed,
} from '../../helpers/observed.ts';

/** certbot's timer, which ran just now. */
const runAt = (at: number) => ({
  kind: 'timer' as const,
  name: 'certbot.timer',
  path: '/lib/systemd/system/certbot.timer',
  state: 'active' as const,
  lastStartedAt: at,
});
const judge = (
  change: Partial<Observations>,
  at = noon,
  attempts: Attempt[] = [],
  mode: 'observe' | 'deploy' | 'renew' = 'observe',
) => decide(observed({ machinery: machinery({ runners: [runAt(at)] }), ...change }), attempts, [], config(mode), at);
const codes = (change: Partial<Observations>, at = noon) =>
  judge(change, at).snapshot.findings.map(({ code, severity }) => `${severity} ${code}`);

test('a host on which all is well has no finding, and its endpoint is served', (t) => {
  const { snapshot } = judge({});
  t.deepEqual(snapshot.findings, []);
  t.is(snapshot.endpoints[0]?.reached, 'served');
  t.is(snapshot.lineages[0]?.renewal?.basis, 'lifetime');
});

test('a renewed certificate that nginx has not loaded is not served, with both values and the exact command', (t) => {
  const renewed = {
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64), issuedVersion: 2, liveVersion: 2 })],
  };
  const configured = {
    deployments: [deployment({ configured: 'b'.repeat(64) })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
  };
  const { snapshot, plan } = judge({ ...renewed, ...configured });
  const [finding] = snapshot.findings;
  t.is(finding?.code, 'not-served');
  t.is(finding?.severity, 'critical');
  t.is(finding?.since, lineage().changedAt);
  t.is(finding?.evidence.configured, 'b'.repeat(64));
  t.is(finding?.evidence.served, 'a'.repeat(64));
  t.regex(finding?.cause ?? '', /nginx has not loaded it since the file changed/);
  t.is(finding?.remedy, '/usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload');
  t.is(snapshot.endpoints[0]?.reached, 'configured');
  t.deepEqual(plan.actions, [], 'the policy says observe');
  const allowed = decide(observed({ ...renewed, ...configured }), [], [], config('deploy'), noon);
  t.deepEqual(
    allowed.plan.actions.map(({ request }) => request),
    [{ verb: 'reload', server: 'nginx' }],
  );
});

test('an algorithm that is configured and that nobody presents is not served', (t) => {
  const { served: _none, ...silent } = endpoint();
  t.deepEqual(codes({ endpoints: [{ ...silent, failure: { reason: 'no-shared-algorithm', detail: 'alert 40' } }] }), [
    'critical not-served',
  ]);
});

test('a key that does not match is critical, holds the reload back, and its remedy stands in for the drift', (t) => {
  const broken = {
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64), keyMatches: false })],
    deployments: [deployment({ configured: 'b'.repeat(64), keyMatches: false })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
  };
  const { snapshot, plan } = decide(observed(broken), [], [], config('renew'), noon);
  t.deepEqual(
    snapshot.findings.map(({ code }) => code),
    ['key-mismatch', 'restart-would-fail', 'not-served'],
  );
  const [mismatch, , drift] = snapshot.findings;
  t.deepEqual(mismatch?.subject, { kind: 'lineage', id: 'shop' });
  t.regex(mismatch?.remedy ?? '', /^\/usr\/bin\/certbot renew --cert-name shop --force-renewal /);
  t.is(drift?.remedy, mismatch?.remedy);
  t.regex(drift?.cause ?? '', /held back/);
  t.deepEqual(plan.actions, []);
});

test('a deployment that names an older version of its lineage is told where the newest is', (t) => {
  const old = {
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64) })],
    deployments: [deployment({ certificatePath: '/etc/letsencrypt/archive/shop/fullchain1.pem' })],
    endpoints: [endpoint({ issued: 'b'.repeat(64) })],
  };
  const { snapshot, plan } = decide(observed(old), [], [], config('renew'), noon);
  t.is(snapshot.findings[0]?.code, 'not-served');
  t.true(snapshot.findings[0]?.remedy.includes(`${live}/fullchain.pem`));
  t.is(snapshot.endpoints[0]?.reached, 'on-disk');
  t.deepEqual(plan.actions, [], 'no reload can mend that');
});

test('a certificate is due in its window, overdue after it, and expired after its end', (t) => {
  t.deepEqual(codes({}, noon), []);
  t.deepEqual(codes({}, noon + 18.4 * day), ['notice due']);
  t.deepEqual(codes({}, noon + 25 * day), ['warning overdue']);
  t.deepEqual(codes({}, noon + 40 * day), ['critical overdue']);
  t.deepEqual(codes({}, noon + 46 * day), ['critical expired']);
  t.deepEqual(codes({}, noon - 46 * day), ['critical not-yet-valid']);
});

test('only the mode renew renews, at the chosen instant and not before', (t) => {
  const at = Date.parse(judge({}).snapshot.lineages[0]?.renewal?.at ?? '');
  t.deepEqual(judge({}, at - 1, [], 'renew').plan.actions, []);
  t.is(judge({}, at - 1, [], 'renew').plan.lookAgainAt, at);
  t.deepEqual(
    judge({}, at, [], 'renew').plan.actions.map(({ request }) => request),
    [{ verb: 'renew', lineage: 'shop' }],
  );
  t.deepEqual(judge({}, at, [], 'deploy').plan.actions, []);
});

test('a failed renewal is a finding until the lineage changes, and is tried again later', (t) => {
  const at = noon + 19 * day;
  const failed: Attempt = {
    verb: 'renew',
    subject: 'shop',
    at,
    reason: 'certbot-failed',
    detail: 'Detail: no such host',
  };
  const { snapshot, plan } = judge({}, at + 1000, [failed], 'renew');
  t.true(snapshot.findings.some(({ code, cause }) => code === 'renewal-failing' && cause.includes('no such host')));
  t.deepEqual(plan.actions, []);
  t.is(plan.lookAgainAt, at + 60_000);
  const mended = { lineages: [lineage({ changedAt: new Date(at + 500).toISOString() })] };
  t.false(judge(mended, at + 1000, [failed], 'renew').snapshot.findings.some(({ code }) => code === 'renewal-failing'));
});

test('servers without TLS are named together', (t) => {
  const server = (name: 'nginx' | 'apache') => ({ server: name, configFile: `/etc/${name}.conf`, configFiles: [] });
  const cause = (servers: ReturnType<typeof server>[]) =>
    judge({ lineages: [], deployments: [], endpoints: [], servers }).snapshot.findings[0]?.cause ?? '';
  t.regex(cause([server('nginx')]), /^nginx \(\/etc\/nginx\.conf\) has no server with TLS/);
  t.regex(cause([server('nginx'), server('apache')]), /apache \(\/etc\/apache\.conf\) have no server with TLS/);
});

test('a host with neither server nor lineage could not be told, and says where it looked', (t) => {
  const nothing = {
    lineages: [],
    deployments: [],
    endpoints: [],
    certbot: { directory: 'absent' as const, binary: 'absent' as const },
    servers: [
      {
        server: 'nginx' as const,
        configFile: '/etc/nginx/nginx.conf',
        configFiles: [],
        failure: { reason: 'not-found' as const, detail: '', file: '/etc/nginx/nginx.conf' },
      },
    ],
  };
  const { snapshot } = judge(nothing);
  t.deepEqual(
    snapshot.findings.map(({ code, severity }) => [code, severity]),
    [['nothing-found', 'unknown']],
  );
  t.regex(snapshot.findings[0]?.cause ?? '', /\/etc\/nginx\/nginx\.conf.*\/etc\/letsencrypt/);
});

test('lineages without a server, and without a certbot, are told apart', (t) => {
  const absent = [
    {
      server: 'nginx' as const,
      configFile: '/etc/nginx/nginx.conf',
      configFiles: [],
      failure: { reason: 'not-found' as const, detail: '' },
    },
  ];
  t.deepEqual(codes({ deployments: [], endpoints: [], servers: absent }), ['unknown server-absent']);
  t.deepEqual(codes({ certbot: { directory: 'present', binary: 'absent' } }), ['warning certbot-absent']);
});

test('what this user may not read is unknown and never fine', (t) => {
  const denied = { reason: 'permission-denied' as const, detail: 'EACCES' };
  t.deepEqual(
    codes({ certbot: { directory: denied, binary: 'present' }, lineages: [], deployments: [], endpoints: [] }),
    ['unknown file-unreadable'],
  );
  const { configured: _none, keyMatches: _neither, ...unread } = deployment({ failure: denied });
  t.deepEqual(codes({ deployments: [unread], endpoints: [] }), ['unknown file-unreadable']);
});

test('a missing certificate, a missing key and a broken config are restart time bombs, and hold the reload back', (t) => {
  const {
    configured: _none,
    keyMatches: _neither,
    ...unread
  } = deployment({ failure: { reason: 'not-found', detail: '' } });
  t.deepEqual(codes({ deployments: [unread], endpoints: [] }), ['critical file-missing']);
  const noKey = judge({ deployments: [deployment({ failure: { reason: 'not-found', detail: '' } })] }).snapshot
    .findings[0];
  t.deepEqual(noKey?.subject, { kind: 'file', id: `${live}/privkey.pem` });
  const broken = { reason: 'syntax' as const, detail: 'unexpected "}"', file: '/etc/nginx/conf.d/a.conf', line: 7 };
  const finding = judge({
    servers: [{ server: 'nginx', configFile: '/etc/nginx/nginx.conf', configFiles: [], failure: broken }],
  }).snapshot.findings[0];
  t.is(finding?.code, 'config-broken');
  t.true(finding?.cause.startsWith('/etc/nginx/conf.d/a.conf:7: unexpected "}"'));
});

test('a refused connection says that nothing listens there', (t) => {
  const { served: _none, ...silent } = endpoint({ failure: { reason: 'connection-refused', detail: 'ECONNREFUSED' } });
  const { snapshot } = judge({ endpoints: [silent] });
  t.deepEqual(
    snapshot.findings.map(({ code }) => code),
    ['endpoint-unreachable'],
  );
  t.is(snapshot.findings[0]?.remedy, 'systemctl start nginx');
  t.is(snapshot.endpoints[0]?.reached, 'unknown');
});

test('a server name that its certificate does not name is told, wildcards and catch-alls are understood', (t) => {
  const names = ['shop.example.test', 'a.wild.test', 'b.c.wild.test', '_', '', '~^x', 'other.test'];
  const wild = certificate('a', { subjectAltNames: ['SHOP.example.test', '*.wild.test'] });
  const { snapshot } = judge({ deployments: [deployment({ serverNames: names })], certificates: [wild] });
  t.is(snapshot.findings[0]?.code, 'name-mismatch');
  t.regex(snapshot.findings[0]?.cause ?? '', /serves b\.c\.wild\.test, other\.test, which/);
});

test('a finding that goes on keeps the instant at which it began', (t) => {
  const silent = { endpoints: [endpoint({ failure: { reason: 'timed-out', detail: '' } })] };
  const first = judge(silent, noon).snapshot.findings;
  const later = decide(observed(silent), [], first, config(), noon + 5000).snapshot.findings;
  t.is(later[0]?.since, new Date(noon).toISOString());
});

test('no policy gives a finding whose text the wire would refuse', (t) => {
  const many = Array.from({ length: 3000 }, (_, index) => `name-${index}.example.test`);
  const { snapshot } = judge({ deployments: [deployment({ serverNames: many })] });
  for (const { cause, evidence, remedy } of snapshot.findings) {
    t.true(cause.length <= 4000 && remedy.length <= 8000);
    for (const value of Object.values(evidence)) t.true(value.length <= 4000);
  }
});

test('a lineage that ended is critical although no server names it', (t) => {
  const ended = certificate('a', { notAfter: new Date(noon - day).toISOString() });
  const unused = { certificates: [ended], deployments: [], endpoints: [] };
  t.deepEqual(codes(unused), ['critical expired']);
  t.deepEqual(judge(unused).snapshot.findings[0]?.subject, { kind: 'lineage', id: 'shop' });
});

test('links that certbot is rewriting are a notice, however old the link that it has yet to move', (t) => {
  const old = lineage({ changedAt: new Date(noon - 60 * day).toISOString() });
  t.deepEqual(codes({ lineages: [old], settling: ['shop'] }), ['notice settling']);
});

test('the remedy for an endpoint that cannot be told is a command that a shell takes as it is', (t) => {
  const failure = { reason: 'handshake-failed' as const, detail: '' };
  const remedyOf = (change: Partial<ReturnType<typeof endpoint>>) => {
    const { served: _none, ...failing } = endpoint({ failure, ...change });
    return judge({ endpoints: [failing] }).snapshot.findings[0]?.remedy;
  };
  t.is(
    remedyOf({ address: '::1', port: 8443 }),
    "openssl s_client -connect '[::1]:8443' -servername shop.example.test",
  );
  t.is(
    remedyOf({ address: 'unix:/run/my nginx/tls', port: 0, serverName: '_' }),
    "openssl s_client -unix '/run/my nginx/tls' -noservername",
  );
  t.is(
    remedyOf({ serverName: "$(reboot)'.test" }),
    "openssl s_client -connect 0.0.0.0:443 -servername '$(reboot)'\\''.test'",
  );
});
