import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { attributeValues } from '../../../collector/evaluate/distinguished-name.ts';
import { metricsText } from '../../../collector/serve/metrics.ts';
import { certificateLabels } from '../../../collector/serve/metrics/certificate-labels.ts';
import type { TargetView } from '../../../collector/serve/estate.ts';
import type { Facts, HostFacts, LabelRule } from '../../../collector/store/facts.ts';
import { certificate, endpoint, finding, snapshot } from '../helpers/example-snapshot.ts';
import { partsOf } from '../helpers/parts-of.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
const counts = {
  version: '0.1.0',
  startedAt: now - 60_000,
  use: { cpuSeconds: 1.5, residentBytes: 90_000_000 },
  channels: [{ channel: 'slack', waiting: 2, oldestAt: 1_800_000_000_000, sent: 3, dropped: 0, failure: undefined }],
  eventsTotal: 7,
  agentsConnected: 1,
  agentsWaiting: 0,
  pagesConnected: 2,
  refusals: new Map([['token-refused', 3]]),
};

function host(agentId: string, name: string, content: ReturnType<typeof snapshot> | undefined): HostFacts {
  return {
    agentId,
    name,
    agentVersion: '0.1.0',
    enrolledAt: now,
    heardAt: now,
    conflictAt: undefined,
    revokedAt: undefined,
    snapshot: content && { digest: '', observedAt: now, receivedAt: now, ...content },
  };
}

function metrics(
  hosts: HostFacts[],
  certificates: ReturnType<typeof certificate>[],
  silent = false,
  labels: LabelRule[] = [],
  targets: TargetView[] = [],
): string {
  const facts: Facts = {
    hosts,
    certificates: certificates.map((one) => ({ certificate: one, firstSeenAt: now, basis: 'der' as const })),
    events: [],
    labels,
    listed: [],
    targets: [],
    eventsTotal: 7,
  };
  const presenceOf = () => ({ connected: !silent, silent, heardAt: now, observedAt: now });
  return [
    ...metricsText(
      { parts: partsOf(facts, presenceOf, now), targets, book: labelBook(labels) },
      { counts, labelsOf: certificateLabels, now },
    ),
  ].join('');
}

function promtoolAccepts(text: string): void {
  execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] });
}

test('certificates carry ssl_exporter’s labels, with instance and endpoint or file', (t) => {
  const one = certificate('one', { subject: 'O=Example\\, Inc., OU=Shop, CN=shop.example.test' });
  const text = metrics([host('agent-01', 'web-1', snapshot(one))], [one]);
  const labels =
    'serial_no="662316",issuer_cn="Test CA R3",cn="shop.example.test",dnsnames=",shop.example.test,www.shop.example.test,",ips=",192.0.2.7,",emails=",ops@example.test,",ou=",Shop,"';
  const place = 'instance="web-1",endpoint="shop.example.test@0.0.0.0:443/ecdsa"';
  t.true(text.includes(`ssl_cert_not_after{${place},${labels}} ${Date.parse(one.notAfter) / 1000}\n`), text);
  t.true(text.includes(`ssl_cert_not_before{${place},${labels}} ${Date.parse(one.notBefore) / 1000}\n`));
  t.true(text.includes(`ssl_probe_success{${place}} 1\n`));
  t.true(text.includes('ssl_file_cert_not_after{instance="web-1",file="/etc/letsencrypt/live/shop/fullchain.pem",'));
  t.true(text.includes('certherd_hosts{status="healthy"} 1\n'));
  t.true(text.includes('certherd_refusals_total{reason="token-refused"} 3\n'));
  t.notThrows(() => promtoolAccepts(text));
});

test('whose an endpoint is stands in its series, and other labels do not', (t) => {
  const one = certificate('one');
  const rule = { id: 1, pattern: 'web-1', source: 'command', setBy: 'me', setAt: now } as const;
  const labels: LabelRule[] = [
    { ...rule, scope: 'host', key: 'team', value: 'web' },
    { ...rule, scope: 'host', key: 'notes', value: 'x' },
    { ...rule, scope: 'name', pattern: 'shop.example.test', key: 'owner', value: 'pay"ments\n' },
  ];
  const text = metrics([host('agent-01', 'web-1', snapshot(one))], [one], false, labels);
  const place = 'instance="web-1",endpoint="shop.example.test@0.0.0.0:443/ecdsa",owner="pay\\"ments\\n",team="web"';
  t.true(text.includes(`ssl_cert_not_after{${place},serial_no=`), text);
  t.true(text.includes(`ssl_probe_success{${place}} 1\n`));
  t.regex(text, /ssl_file_cert_not_after\{instance="web-1",file="[^"]+",team="web",serial_no=/);
  t.notRegex(text, /notes=/);
  t.notThrows(() => promtoolAccepts(text));
});

test('what is seen from outside is told beside what hosts say, and never as theirs', (t) => {
  const one = certificate('one');
  const place = {
    address: '192.0.2.1',
    algorithm: 'ecdsa' as const,
    served: 'f0',
    chain: [],
    subject: 'CN=shop.example.test',
    issuer: 'O=Test, CN=Test CA R3',
    notBefore: '2026-10-01T00:00:00.000Z',
    notAfter: '2026-12-30T00:00:00.000Z',
    since: '2026-11-01T00:00:00.000Z',
  };
  const silent = { reason: 'timed-out', detail: 'no answer', since: '2026-11-22T00:00:00.000Z' };
  const times = {
    producedAt: '2026-11-22T00:00:01.000Z',
    thisUpdate: '2026-11-22T00:00:00.000Z',
    nextUpdate: '2026-11-29T00:00:00.000Z',
  };
  const staple = { state: 'revoked' as const, ...times, revokedAt: '2026-11-21T00:00:00.000Z', since: place.since };
  const places = [
    { ...place, staple },
    place,
    { ...place, address: '2001:db8::1', staple: { state: 'none' as const, since: place.since }, failure: silent },
    { ...place, address: '192.0.2.3', staple: { state: 'signature-wrong' as const, since: place.since } },
    { address: '192.0.2.2', chain: [], since: place.since, failure: silent },
  ];
  const target = {
    id: 1,
    target: 'shop.example.test:443',
    everySeconds: 60,
    vantage: 'collector',
    setBy: 'me',
  } as const;
  const targets = [{ ...target, setAt: place.since, places, leftOut: 0 }];
  const rule = { id: 1, source: 'command', setBy: 'me', setAt: now } as const;
  const labels: LabelRule[] = [
    { ...rule, scope: 'name', pattern: 'shop.example.test', key: 'owner', value: 'shop' },
    { ...rule, id: 2, scope: 'name', pattern: 'other.example.test', key: 'team', value: 'web' },
  ];
  const text = metrics([host('agent-01', 'web-1', snapshot(one))], [one], false, labels, targets);
  const seen = (address: string) =>
    `{instance="shop.example.test:443",endpoint="${address}:443/ecdsa",vantage="collector",owner="shop"`;
  const ends = 'issuer_cn="Test CA R3",cn="shop.example.test"} 1798588800\n';
  t.true(text.includes(`ssl_cert_not_after${seen('192.0.2.1')},${ends}`), text);
  t.true(text.includes(`ssl_cert_not_after${seen('[2001:db8::1]')},${ends}`), 'what was presented still counts down');
  t.true(text.includes(`ssl_probe_success${seen('192.0.2.1')}} 1\n`));
  t.true(text.includes(`ssl_probe_success${seen('[2001:db8::1]')}} 0\n`));
  t.regex(
    text,
    /ssl_probe_success\{instance="shop\.example\.test:443",endpoint="192\.0\.2\.2:443",vantage="collector",owner="shop"\} 0/,
  );
  t.is(text.split(`ssl_probe_success${seen('192.0.2.1')}`).length, 2, 'once');
  const ocsp = text
    .match(/^ssl_ocsp_response_.*ecdsa.*$/gm)
    ?.map((line) => line.replace(/\{.*point="|:443.*\}|ssl_ocsp_response_/g, ' '));
  t.is(
    ocsp?.join('').replace(/ +/g, ' '),
    ' stapled 192.0.2.1 1 stapled [2001:db8::1] 0 stapled 192.0.2.3 1 status 192.0.2.1 1 status 192.0.2.3 2 produced_at 192.0.2.1 1795305601 this_update 192.0.2.1 1795305600 next_update 192.0.2.1 1795910400 revoked_at 192.0.2.1 1795219200',
    'OCSP answers that are stapled, in ssl_exporter’s names',
  );
  t.notThrows(() => promtoolAccepts(text));
});

test('an agent that looks is named as its host is, by its id where another one is called so too, or once it is gone', (t) => {
  const since = '2026-11-01T00:00:00.000Z';
  const target = { id: 1, target: 'shop.example.test:443', everySeconds: 60, setBy: 'me', setAt: since, leftOut: 0 };
  const places = [{ address: '192.0.2.1', chain: [], since, served: 'f0' }];
  const hosts = ['web-1', 'web-2', 'web-2', 'collector'].map((name, at) => host(`agent-${at}`, name, undefined));
  const vantages = ['agent-0', 'agent-1', 'agent-2', 'agent-3', 'agent-"gone', 'collector'];
  const targets = vantages.map((vantage) => ({ ...target, vantage, places }));
  const text = metrics(hosts, [], false, [], targets);
  t.deepEqual(
    [...text.matchAll(/^ssl_probe_success\{.*vantage="(.+)"\} 1$/gm)].map(([, name]) => name),
    ['web-1', 'web-2/agent-1', 'web-2/agent-2', 'collector/agent-3', 'agent-\\"gone', 'collector'],
  );
  t.notThrows(() => promtoolAccepts(text));
});

test('of each host that tells something it is told how many files could not be read, as x509-certificate-exporter does', (t) => {
  const one = certificate('one');
  const findings = (['file-unreadable', 'file-missing', 'expired'] as const).map((code) => finding({ code }));
  const hosts = [
    host('agent-01', 'web-1', snapshot(one, { findings })),
    host('agent-02', 'web-2', snapshot(one)),
    host('agent-03', 'web-3', undefined),
  ];
  const text = metrics(hosts, [one]);
  t.deepEqual(text.match(/^x509_read_errors.*$/gm), [
    'x509_read_errors{instance="web-1"} 2',
    'x509_read_errors{instance="web-2"} 0',
  ]);
  t.notThrows(() => promtoolAccepts(text));
});

test('x509-certificate-exporter’s names, how long it took to be served, and what the collector takes', (t) => {
  const one = certificate('one', { notAfter: '2026-11-01T00:00:00.000Z' });
  const reachedAt = { 'on-disk': '2026-11-20T10:00:00.000Z', served: '2026-11-20T10:00:02.000Z' };
  const backwards = { 'on-disk': '2026-11-20T10:00:02.000Z', served: '2026-11-20T10:00:00.000Z' };
  const endpoints = [
    endpoint(one, { reachedAt, tlsVersion: 'TLSv1.3' }),
    endpoint(one, { id: 'b@0.0.0.0:443/rsa', reachedAt: backwards }),
  ];
  const text = metrics([host('agent-01', 'web-1', snapshot(one, { endpoints }))], [one]);
  const file = 'instance="web-1",filename="fullchain.pem",filepath="/etc/letsencrypt/live/shop/fullchain.pem"';
  const names =
    'serial_number="662316",issuer_O="Test",issuer_CN="Test CA R3",subject_C="US",subject_O="Example, Inc.",';
  t.true(text.includes(`x509_cert_not_after{${file},${names}subject_CN="shop.example.test"} 1793491200\n`), text);
  t.true(text.includes(`x509_cert_expired{${file},${names}subject_CN="shop.example.test"} 1\n`));
  const place = 'instance="web-1",endpoint="shop.example.test@0.0.0.0:443/ecdsa"';
  t.true(text.includes(`certherd_time_to_served_seconds{${place}} 2\n`));
  t.is(text.match(/^certherd_time_to_served_seconds\{/gm)?.length, 1, 'a clock that went back tells nothing');
  t.true(text.includes(`ssl_tls_version_info{${place},version="TLS 1.3"} 1\n`));
  t.true(text.includes('certherd_endpoints{status="expired"} 2\n'));
  t.true(text.includes('certherd_build_info{version="0.1.0"} 1\n'));
  t.true(text.includes('process_cpu_seconds_total 1.5\n'));
  t.notThrows(() => promtoolAccepts(text));
});

test('findings are counted by severity, and a silent host still counts down', (t) => {
  const one = certificate('one');
  const text = metrics(
    [host('a', 'web-1', snapshot(one, { findings: [finding(), finding({ severity: 'warning' })] }))],
    [one],
    true,
  );
  t.true(text.includes('certherd_findings{severity="critical"} 1\n'));
  t.true(text.includes('certherd_certificates{basis="der"} 1\ncertherd_certificates{basis="told"} 0\n'));
  t.true(text.includes('certherd_hosts{status="unknown"} 1\n'));
  t.true(text.includes('ssl_cert_not_after{'));
  t.regex(text, /ssl_probe_success\{[^}]*\} 0\n/);
});

test('a revoked host is none of the unknown ones, for which somebody would be woken', (t) => {
  const gone = { ...host('agent-01', 'web-1', snapshot(certificate('one'))), revokedAt: now };
  const text = metrics([gone, host('agent-02', 'web-2', snapshot(certificate('one')))], [certificate('one')]);
  t.true(text.includes('certherd_hosts{status="unknown"} 0\n'), text);
  t.true(text.includes('certherd_hosts{status="healthy"} 1\n'));
});

test('hosts with one name, and certificates that look alike, never give one series twice', (t) => {
  const [one, twin] = [certificate('one'), certificate('twin')];
  const hosts = ['agent-01', 'agent-02'].map((id) =>
    host(id, 'web-1', snapshot(one, { certificates: [one, twin], endpoints: [endpoint(one), endpoint(twin)] })),
  );
  const text = metrics(hosts, [one, twin]);
  const series = text
    .split('\n')
    .filter((line) => line.startsWith('ssl_'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
  t.is(new Set(series).size, series.length);
  t.true(text.includes('instance="web-1/agent-01"'));
  t.true(text.includes('instance="web-1/agent-02"'));
});

test('a certificate of 10,000 names has one series with a bounded label', (t) => {
  const many = certificate('many', {
    subjectAltNames: Array.from({ length: 10_000 }, (_, i) => `name-${i}.example.test`),
  });
  const text = metrics([host('a', 'web-1', snapshot(many))], [many]);
  const lines = text.split('\n').filter((line) => line.startsWith('ssl_cert_not_after{'));
  t.is(lines.length, 1);
  const names = /dnsnames="(,[^"]*,)"/.exec(lines[0] ?? '')?.[1] ?? '';
  t.true(names.length > 900 && names.length <= 1024);
  t.true(names.endsWith('.example.test,'));
});

test('whatever names say, promtool reads the text', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      (a, b) => {
        const odd = certificate('odd', {
          subject: `CN=${a}`,
          issuer: b,
          subjectAltNames: [a, b, `${a}"\n\\`],
          serialNumber: b,
        });
        const text = metrics([host('x', `${b}\n"`, snapshot(odd, { endpoints: [endpoint(odd, { id: a })] }))], [odd]);
        promtoolAccepts(Buffer.from(text, 'utf8').toString('utf8'));
      },
    ),
    { numRuns: 15 },
  );
  t.pass();
});

test('attributes of a name are read as node:crypto writes them', (t) => {
  const name = 'C=US, O=Example\\, Inc., OU=A, OU=B \\+ C, CN=caf\\C3\\A9 \\"x\\"';
  t.deepEqual(attributeValues(name, 'O'), ['Example, Inc.']);
  t.deepEqual(attributeValues(name, 'OU'), ['A', 'B + C']);
  t.deepEqual(attributeValues(name, 'CN'), ['café "x"']);
  t.deepEqual(attributeValues('O=CN=fake', 'CN'), []);
  t.deepEqual(attributeValues('O=x\\, CN=fake', 'CN'), []);
  t.deepEqual(attributeValues('', 'CN'), []);
});
