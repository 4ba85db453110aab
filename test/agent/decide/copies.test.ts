import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { managedBy } from '../../../agent/decide/unmanaged.ts';
import { observeAcmeClients } from '../../../agent/observe/acme-clients.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import {
  certificate,
  day,
  deployment,
  lineage,
  live,
  machinery,
  noon,
  observed,
  upkeep,
} from '../../helpers/observed.ts';
import { judgeUpkeep } from '../../helpers/upkeep.ts';

const older = { notBefore: new Date(noon - 75 * day).toISOString(), notAfter: new Date(noon + 15 * day).toISOString() };

/** A deployment of a file outside of every lineage, with certificate "b". */
function copied(change: object = {}) {
  const { lineage: _none, ...outside } = deployment({
    certificatePath: '/etc/nginx/tls/shop.pem',
    keyPath: '/etc/nginx/tls/shop.key',
    configured: 'b'.repeat(64),
  });
  return { ...outside, ...change };
}
const judge = (certificateB: object, own: object = {}, seen: object = {}) =>
  judgeUpkeep({
    ...observed({ deployments: [copied()], certificates: [certificate('a'), certificate('b', certificateB)], ...own }),
    ...upkeep(seen),
  });

test('a copy of what the lineage held before its renewal is stale, and is told how to bring it up to date', (t) => {
  const [finding, ...more] = judge(older);
  t.deepEqual(more, []);
  t.is(finding?.code, 'stale-copy');
  t.is(finding?.severity, 'critical');
  t.is(finding?.since, lineage().changedAt);
  t.regex(finding?.cause ?? '', /\/etc\/nginx\/tls\/shop\.pem is a copy of an earlier certificate of lineage shop/);
  t.true(finding?.cause.includes(`name ${live}/fullchain.pem and ${live}/privkey.pem in /etc/nginx/nginx.conf:10`));
  t.is(
    finding?.remedy,
    `cp ${live}/fullchain.pem /etc/nginx/tls/shop.pem && cp ${live}/privkey.pem /etc/nginx/tls/shop.key && /usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload`,
  );
});

test('a version in the archive is known whatever its names and issuer were', (t) => {
  const lineageVersions = [{ lineage: 'shop', version: 3, fingerprint: 'b'.repeat(64) }];
  const change = { ...older, subjectAltNames: ['old.test'], issuer: 'CN=Other' };
  t.regex(judge(change, {}, { lineageVersions })[0]?.cause ?? '', /a copy of version 3 of lineage shop/);
  t.deepEqual(
    judge(change).map(({ code }) => code),
    ['unmanaged'],
  );
});

test('another intermediate of the same CA, and names in another order, are still the same lineage', (t) => {
  const names = ['shop.example.test', 'www.shop.example.test'];
  const certificates = [
    certificate('a', { issuer: 'C=US, O=CA Ltd, CN=R11', subjectAltNames: names }),
    certificate('b', { ...older, issuer: 'C=US, O=CA Ltd, CN=R10', subjectAltNames: names.toReversed() }),
  ];
  t.is(judge({}, { certificates })[0]?.code, 'stale-copy');
});

test('a copy of the newest is neither stale nor unmanaged, nor is one of another kind of key called stale', (t) => {
  t.deepEqual(judge({}, { deployments: [copied({ configured: 'a'.repeat(64) })] }), []);
  t.false(judge({ ...older, algorithm: 'rsa' }).some(({ code }) => code === 'stale-copy'));
});

test('one file for both, as HAProxy reads it, is written anew and its server reloaded', (t) => {
  const combined = copied({
    server: 'haproxy',
    certificatePath: '/etc/haproxy/shop.pem',
    keyPath: '/etc/haproxy/shop.pem',
  });
  t.is(
    judge(older, { deployments: [combined] })[0]?.remedy,
    `cat ${live}/fullchain.pem ${live}/privkey.pem > /etc/haproxy/shop.pem && systemctl reload haproxy`,
  );
});

test('a certificate that nobody renews is told, the louder the less of its life is left', (t) => {
  const alone = (left: number) =>
    judge({ subjectAltNames: ['other.test'], notAfter: new Date(noon + left * day).toISOString() })[0];
  t.is(alone(300)?.code, 'unmanaged');
  t.is(alone(300)?.severity, 'notice');
  t.is(alone(20)?.severity, 'warning');
  t.is(alone(5)?.severity, 'critical');
  t.is(alone(5)?.remedy, 'certherd-agent adopt shop.example.test');
  t.is(alone(5)?.evidence['by hand'], '/usr/bin/certbot --nginx -d shop.example.test');
  t.regex(alone(5)?.cause ?? '', /somebody has to do it by hand/);
});

test('adopt is what to type only where it would not refuse, and by the path where the name is served with another one too', (t) => {
  const remedies = (...deployments: object[]) =>
    judge({ subjectAltNames: ['other.test'] }, { deployments: deployments.map((one) => copied(one)) })
      .filter(({ code }) => code === 'unmanaged')
      .map(({ remedy }) => remedy);
  const elsewhere = { configFile: '/etc/nginx/b.conf', certificatePath: '/etc/nginx/tls/b.pem' };
  t.deepEqual(remedies({}, elsewhere), [
    'certherd-agent adopt /etc/nginx/tls/shop.pem',
    'certherd-agent adopt /etc/nginx/tls/b.pem',
  ]);
  const byHand = '/usr/bin/certbot --nginx -d shop.example.test';
  t.deepEqual(remedies({ serverNames: ['shop.example.test', '*.example.test'] }), [byHand]);
  t.deepEqual(remedies({}, { certificatePath: '/etc/nginx/tls/b.pem' }), [byHand, byHand], 'two pairs in one block');
  t.deepEqual(remedies({ server: 'apache' }), ['/usr/bin/certbot --apache -d shop.example.test']);
});

test('what has ended is told as ended first, and that nobody renews it is only why', (t) => {
  const findings = judge({ subjectAltNames: ['other.test'], notAfter: new Date(noon - day).toISOString() });
  const told = findings.find(({ code }) => code === 'unmanaged');
  t.is(told?.severity, 'warning');
  t.regex(told?.cause ?? '', /it ended at \S+, and somebody has to do it by hand/);
});

test('what a private CA issued from its root itself is not to be replaced by what certbot brings', (t) => {
  const other = { issuer: 'CN=Internal CA', subjectAltNames: ['other.test'] };
  const trust = [{ fingerprints: ['b'.repeat(64)], trusted: true, root: 'CN=Internal CA' }];
  const [finding, ...more] = judge(other, {}, { trust });
  t.deepEqual(more, []);
  t.regex(finding?.remedy ?? '', /^Have \/etc\/nginx\/tls\/shop\.pem renewed by CN=Internal CA, the private CA/);
  t.regex(judge(other)[0]?.remedy ?? '', /certherd-agent adopt /);
});

test("Debian's placeholder is a notice whatever its age", (t) => {
  const path = '/etc/ssl/certs/ssl-cert-snakeoil.pem';
  const own = { deployments: [copied({ certificatePath: path })] };
  const findings = judge(
    { subject: 'CN=web-1', issuer: 'CN=web-1', notAfter: new Date(noon + day).toISOString() },
    own,
  );
  t.deepEqual(
    findings.map(({ code, severity, subject }) => [code, severity, subject.id]),
    [['unmanaged', 'notice', path]],
  );
  t.is(findings[0]?.remedy, `Put a certificate that clients trust in the place of ${path}.`);
});

test('what signed itself for clients that ask for no name of this host is a notice, for a name it counts down', (t) => {
  const itself = { subject: 'CN=x', issuer: 'CN=x', notAfter: new Date(noon + day).toISOString() };
  const [finding] = judge(itself, { deployments: [copied({ serverNames: ['', '_'] })] });
  t.is(finding?.severity, 'notice');
  t.regex(finding?.remedy ?? '', /^Nothing, if it only answers clients .* "ssl_reject_handshake on;"/);
  t.is(judge(itself)[0]?.severity, 'critical');
});

test('other clients are known by their own files, and what they manage is no finding', (t) => {
  const root = testDirectory(t);
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  };
  write(
    'root/.acme.sh/a.test_ecc/a.test.conf',
    "Le_Domain='a.test'\nLe_Alt='no'\nLe_RealFullChainPath='/etc/nginx/tls/a.pem'\n",
  );
  write('root/.acme.sh/notes/notes.conf', 'nothing of the kind\n');
  write('home/web/.lego/certificates/b.test.json', '{"domain": "b.test", "certUrl": "https://ca.test/1"}');
  write('var/lib/dehydrated/certs/c.test/fullchain-1700000000.pem', '');
  fs.symlinkSync('fullchain-1700000000.pem', path.join(root, 'var/lib/dehydrated/certs/c.test/fullchain.pem'));
  write('var/lib/caddy/.local/share/caddy/certificates/ca.test-dir/d.test/d.test.json', '{}');
  const clients = observeAcmeClients(systemFiles(), root, []);
  const manager = (certificatePath: string) =>
    managedBy(copied({ certificatePath }), { observations: { machinery: machinery({ clients }) } });
  t.is(manager('/etc/nginx/tls/a.pem'), 'acme.sh');
  t.is(manager('/home/web/.lego/certificates/b.test.crt'), 'lego');
  t.is(manager('/var/lib/dehydrated/certs/c.test/fullchain.pem'), 'dehydrated');
  t.is(manager('/var/lib/caddy/.local/share/caddy/certificates/ca.test-dir/d.test/d.test.crt'), 'Caddy');
  t.is(manager('$acme_certificate'), "nginx's ACME module");
  t.is(manager('/etc/nginx/tls/z.pem'), undefined);
  t.is(managedBy(deployment(), { observations: { machinery: machinery() } }), 'certbot (lineage shop)');
  const seen = { machinery: machinery({ clients }) };
  t.deepEqual(judge(older, { deployments: [copied({ certificatePath: '/etc/nginx/tls/a.pem' })] }, seen), []);
});
