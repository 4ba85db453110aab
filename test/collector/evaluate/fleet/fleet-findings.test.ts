import type { Certificate } from '@certherd/protocol/certificate';
import type { Snapshot } from '@certherd/protocol/snapshot';
import test from 'ava';
import { type FleetPolicy, fleetFindings } from '../../../../collector/evaluate/fleet/fleet-findings.ts';
import { createFleetIndex } from '../../../../collector/evaluate/fleet/fleet-index.ts';
import { holdingsOf } from '../../../../collector/evaluate/fleet/holdings.ts';
import { certificate, endpoint } from '../../helpers/example-snapshot.ts';

type Told = Pick<Snapshot, 'files' | 'lineages' | 'deployments' | 'endpoints'>;

const now = Date.parse('2026-11-27T12:00:00.000Z');
const seenAt = Date.parse('2026-11-20T01:00:00.000Z');
const names = ['shop.example.test', 'www.shop.example.test'];
const older = certificate('older', {
  subjectAltNames: names,
  issuer: "C=US, O=Let's Encrypt, CN=R10",
  notBefore: '2026-09-10T00:00:00.000Z',
  notAfter: '2026-12-09T00:00:00.000Z',
});
const newer = certificate('newer', {
  subjectAltNames: names,
  issuer: "C=US, O=Let's Encrypt, CN=R11",
  notBefore: '2026-11-20T00:00:00.000Z',
  notAfter: '2027-02-18T00:00:00.000Z',
});

const served = (one: Certificate): Told => ({
  files: [],
  lineages: [],
  deployments: [],
  endpoints: [endpoint(one, { id: 'shop.example.test@0.0.0.0:443/ecdsa' })],
});
const inFile = (one: Certificate, path = '/etc/ssl/shop.pem'): Told => ({
  files: [{ path, fingerprints: [one.fingerprint] }],
  lineages: [],
  deployments: [],
  endpoints: [],
});
const renewing = (live: Certificate, before: Told): Told => ({
  ...before,
  lineages: [
    {
      name: 'shop',
      renewalConfig: '/etc/letsencrypt/renewal/shop.conf',
      certificatePath: '/etc/letsencrypt/live/shop/fullchain.pem',
      keyPath: '/etc/letsencrypt/live/shop/privkey.pem',
      live: live.fingerprint,
    },
  ],
});

/** What each host of a fleet is told, by its name. */
function judge(
  hosts: Record<string, Told>,
  list: readonly Certificate[],
  change: Partial<FleetPolicy> = {},
  keys: Record<string, string> = {},
) {
  const index = createFleetIndex();
  const certificates = new Map(list.map((one) => [one.fingerprint, one]));
  const known = new Map(
    list.map((one) => [one.fingerprint, { certificate: one, firstSeenAt: seenAt, keyDigest: keys[one.fingerprint] }]),
  );
  for (const [name, told] of Object.entries(hosts))
    index.replace(name, holdingsOf({ agentId: name, name }, told, certificates), known);
  const policy = { knownIssuers: undefined, ...change };
  return (name: string) => fleetFindings(index, name, policy, now);
}

test('an endpoint that presents what was renewed on another host is a stale copy, and counts down to its own end', (t) => {
  const of = judge({ 'web-1': renewing(newer, inFile(newer, '/live/shop.pem')), 'web-2': served(older) }, [
    older,
    newer,
  ]);
  const [found, ...others] = of('web-2');
  t.deepEqual(others, []);
  t.like(found, {
    code: 'stale-copy',
    severity: 'critical',
    subject: { kind: 'endpoint', id: 'shop.example.test@0.0.0.0:443/ecdsa' },
    since: '2026-11-20T01:00:00.000Z',
  });
  t.regex(found?.cause ?? '', /is on web-1 .*ends at 2026-12-09/);
  t.regex(found?.remedy ?? '', /on web-1 \(\/live\/shop\.pem\)/);
  t.is(found?.evidence['newer'], `${newer.fingerprint} until ${newer.notAfter}`);
});

test('while much of its life is left a stale copy is a warning, and one that nobody uses a notice', (t) => {
  const young = { ...older, notAfter: '2027-09-10T00:00:00.000Z' };
  const of = judge({ 'web-1': served(newer), 'web-2': served(young), 'web-3': inFile(young) }, [young, newer]);
  t.is(of('web-2')[0]?.severity, 'warning');
  t.deepEqual(
    of('web-3').map(({ code, severity, subject }) => [code, severity, subject.kind]),
    [['stale-copy', 'notice', 'file']],
  );
});

test('a host that renews the same names itself is judged by its own agent', (t) => {
  const of = judge({ 'web-1': served(newer), 'web-2': renewing(older, served(older)) }, [older, newer]);
  t.deepEqual(of('web-2'), []);
});

test('a younger certificate that was left in a file beside the one that is presented is told too', (t) => {
  const both: Told = { ...served(older), files: inFile(newer, '/etc/ssl/new.pem').files };
  const of = judge({ 'web-1': both }, [older, newer]);
  t.regex(of('web-1').find(({ code }) => code === 'stale-copy')?.cause ?? '', /is here \(\/etc\/ssl\/new\.pem\)/);
});

const strangers: Record<string, Partial<Certificate>> = {
  'of another authority': { issuer: 'O=DigiCert Inc, CN=G2' },
  'with another kind of key': { algorithm: 'rsa' },
  'that lacks one of the names': { subjectAltNames: names.slice(0, 1) },
  'that is not younger': { notBefore: older.notBefore },
};
for (const [what, change] of Object.entries(strangers))
  test(`a certificate ${what} makes no copy stale`, (t) => {
    const stranger = { ...newer, ...change };
    t.deepEqual(judge({ 'web-1': served(stranger), 'web-2': served(older) }, [older, stranger])('web-2'), []);
  });

test('a certificate with more names stands for one with fewer, whatever their case', (t) => {
  const wide = { ...newer, subjectAltNames: ['API.example.test', ...names.map((name) => name.toUpperCase())] };
  t.is(judge({ 'web-1': served(wide), 'web-2': served(older) }, [older, wide])('web-2')[0]?.code, 'stale-copy');
});

test('one certificate on several hosts is told once, with all of them', (t) => {
  const of = judge({ 'web-2': served(newer), 'web-1': served(newer), 'web-3': inFile(newer) }, [newer]);
  t.like(of('web-1')[0], { code: 'shared-key', severity: 'notice', evidence: { hosts: 'web-1 web-2 web-3' } });
  t.deepEqual([...of('web-2'), ...of('web-3')], []);
});

test('of a wildcard that several hosts hold the blast radius is told', (t) => {
  const wildcard = { ...newer, subjectAltNames: ['*.example.test', 'example.test'] };
  const [found] = judge({ 'web-1': served(wildcard), 'web-2': served(wildcard) }, [wildcard])('web-1');
  t.is(found?.code, 'wildcard-blast-radius');
  t.regex(found?.cause ?? '', /^2 hosts hold the key of \*\.example\.test/);
});

/** All of these have one key. */
const ofOneKey = (...list: Certificate[]) => Object.fromEntries(list.map(({ fingerprint }) => [fingerprint, 'key']));
const both = (...list: Certificate[]): Told => ({
  ...served(list[0] ?? newer),
  files: list.flatMap((one, at) => inFile(one, `/etc/ssl/${at}.pem`).files),
});
const mail = {
  ...certificate('mail', { subjectAltNames: ['mail.example.test'] }),
  notBefore: '2026-10-01T00:00:00.000Z',
};

test('a key that hosts have in certificates of their own is told once, with each of them, since the second has it', (t) => {
  const hosts = { 'web-2': served(newer), 'web-1': served(mail) };
  const of = judge(hosts, [newer, mail], {}, ofOneKey(newer, mail));
  const [found, ...others] = of('web-1');
  t.deepEqual([...others, ...of('web-2')], []);
  t.like(found, {
    code: 'shared-key',
    severity: 'notice',
    subject: { kind: 'endpoint', id: 'shop.example.test@0.0.0.0:443/ecdsa' },
    since: newer.notBefore,
    evidence: {
      held: mail.fingerprint,
      hosts: 'web-1 web-2',
      'number of hosts': '2',
      certificates: `${newer.fingerprint} on web-2, ${mail.fingerprint} on web-1`,
      'number of certificates': '2',
    },
  });
  t.regex(found?.cause ?? '', /^2 hosts hold one key, in 2 certificates: /);
  t.regex(found?.remedy ?? '', /--new-key.* image/);
  for (const keys of [{}, { [mail.fingerprint]: 'one', [newer.fingerprint]: 'other' }])
    t.deepEqual(judge(hosts, [newer, mail], {}, keys)('web-1'), []);
});

test('a key that one host alone has is no finding, in however many certificates: it was renewed with it', (t) => {
  const hosts = {
    'web-1': renewing(newer, both(newer, older, mail)),
    'web-2': served({ ...mail, ...certificate('own') }),
  };
  const of = judge(hosts, [newer, older, mail], {}, ofOneKey(newer, older, mail));
  t.deepEqual(
    [...of('web-1'), ...of('web-2')].filter(({ code }) => code === 'shared-key'),
    [],
  );
});

test('of a certificate that is on several hosts the same is told where one of them has the one before, of the same key', (t) => {
  const hosts = { 'web-1': renewing(newer, both(newer, older)), 'web-2': renewing(newer, served(newer)) };
  const [list, keys] = [[older, newer], ofOneKey(older, newer)];
  const shared = (of: ReturnType<typeof judge>) =>
    ['web-1', 'web-2'].flatMap(of).filter(({ code }) => code === 'shared-key');
  t.is(shared(judge(hosts, list)).length, 1);
  t.deepEqual(shared(judge(hosts, list, {}, keys)), shared(judge(hosts, list)));
});

test('of a wildcard whose key another host has in a certificate of its own the blast radius is told', (t) => {
  const wildcard = { ...newer, subjectAltNames: ['*.example.test'] };
  const of = judge(
    { 'web-1': served(mail), 'web-2': served(wildcard) },
    [mail, wildcard],
    {},
    ofOneKey(mail, wildcard),
  );
  const [found] = of('web-1');
  t.is(found?.code, 'wildcard-blast-radius');
  t.regex(found?.cause ?? '', /^2 hosts hold the key of \*\.example\.test, in 2 certificates: /);
  t.is(found?.evidence['names'], '*.example.test mail.example.test');
});

test('a certificate that only lies on disk is an orphan, and none once anything in the fleet presents it', (t) => {
  t.like(judge({ 'web-1': inFile(newer) }, [newer])('web-1')[0], {
    code: 'orphan',
    severity: 'notice',
    subject: { kind: 'file', id: '/etc/ssl/shop.pem' },
  });
  const used = judge({ 'web-2': inFile(newer), 'web-1': served(newer) }, [newer]);
  t.false(used('web-2').some(({ code }) => code === 'orphan'));
});

test('authorities on disk are neither orphans nor shared', (t) => {
  const root = { ...newer, isAuthority: true };
  const of = judge({ 'web-1': inFile(root), 'web-2': inFile(root) }, [root]);
  t.deepEqual([...of('web-1'), ...of('web-2')], []);
});

test('who issued it is judged by its organisation, where the issuers are listed', (t) => {
  const hosts = { 'web-1': served(newer) };
  t.deepEqual(judge(hosts, [newer], { knownIssuers: ["Let's Encrypt"] })('web-1'), []);
  t.like(judge(hosts, [newer], { knownIssuers: ['DigiCert Inc'] })('web-1')[0], {
    code: 'unknown-issuer',
    severity: 'warning',
  });
});
