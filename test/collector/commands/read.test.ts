import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import test from 'ava';
import { listLines } from '../../../collector/commands/print-list.ts';
import { chosenBy } from '../../../collector/commands/read-entries.ts';
import { certificateFacets } from '../../../collector/present/certificate-list.ts';
import { textColumn } from '../../../collector/present/columns.ts';
import { endpointFacets } from '../../../collector/present/endpoint-list.ts';
import { hostFacets } from '../../../collector/present/host-list.ts';
import { targetFacets } from '../../../collector/present/target-list.ts';
import { day } from '../helpers/example-snapshot.ts';
import { hostile, tellEstate, type ToldEstate } from '../helpers/told-estate.ts';
import { typedHere } from '../helpers/typed-here.ts';

const now = Date.now();
let prepared: ToldEstate;
const type = (...argv: string[]) => typedHere([...argv, '--data', prepared.directory]);
const json = async (...argv: string[]) => JSON.parse((await type(...argv, '--json')).out);

test.before(async () => {
  prepared = await tellEstate(now);
});
test.after.always(async () => {
  await prepared.store.close();
  rmSync(prepared.directory, { recursive: true, force: true });
});

test('--json has the same texts, and does nothing to a terminal', async (t) => {
  for (const argv of [['host', 'list'], ['endpoint', 'list'], ['host', 'show', 'agent-02'], ['events']]) {
    const { out } = await type(...argv, '--json');
    t.notRegex(out, /[\p{Cc}\p{Cf}]/u, argv.join(' '));
    t.notThrows(() => JSON.parse(out));
  }
  t.true((await json('host', 'list')).items.some(({ name }: { name: string }) => name === hostile));
});

test('a list is sorted, and its columns are chosen, as they are headed too', async (t) => {
  const sorted = await type('host', 'list', '--sort', 'Status', '--columns', 'last heard');
  t.is(sorted.code, 0, sorted.err);
  t.is(sorted.out, (await type('host', 'list', '--sort', 'state', '--columns', 'heard')).out);
  t.regex(sorted.out, /^HOST +LAST HEARD\n=web-2/);
  t.regex((await type('host', 'list', '--sort', 'colour')).err, /^--sort: expected a heading, or one of name, state, /);
  const csv = (columns: string) => type('certificate', 'list', '--csv', '--columns', columns);
  t.is((await csv('issuer,endpoints, Files,key')).out, (await csv('issuer,places,key')).out);
  const { out } = await type('host', 'list', '--csv', '--columns', 'platform,agent');
  t.is(
    out.split('\r\n')[0],
    '"host","version","platform"',
    'a name counts before a heading: the label, not the system',
  );
});

test('certificates are listed as on the page: what is served and ends first, searched, chosen, counted, as CSV and JSON', async (t) => {
  const all = await type('certificate', 'list');
  t.is(all.code, 0, all.err);
  const [head = '', ...rows] = all.out.split('\n');
  t.regex(head, /^NAMES +STATE +VALIDITY +ISSUER +KEY +OWNER +RENEWED BY +ENDPOINTS, FILES$/);
  t.deepEqual(
    rows.map((row) => row.split(/ {2,}/).slice(0, 2).join(' ')),
    ['shop.example.test drift', 'pay.example.test proved', 'shop.example.test +1 proved'],
  );
  const { items } = await json('certificate', 'list', 'PAY', '--owner', 'Payments');
  t.deepEqual(
    items.map((one: { fingerprint: string; labels: object; automation: string }) => [
      one.fingerprint,
      one.labels,
      one.automation,
    ]),
    [[prepared.bought, { owner: ['payments'] }, 'by hand']],
  );
  t.is((await type('certificate', 'list', '--automation', 'certbot’s timer')).err, '2 of 3 certificates.');
  const none = await type('certificate', 'list', '--owner', 'none', '--state', 'expired');
  t.is(none.out, 'Nothing fits, of 3 certificates. To see what there is: --counts');
  t.regex((await type('certificate', 'list', '--counts')).out, /--owner\n {7}2 {2}none\n {7}1 {2}payments\n/);
  t.deepEqual(
    (await json('certificate', 'list', '--counts')).items.find(({ facet }: { facet: string }) => facet === 'state')
      .values,
    [
      { value: 'proved', count: 2 },
      { value: 'drift', count: 1 },
    ],
  );
  const csv = (await type('certificate', 'list', '--csv', '--sort', 'name', '--columns', 'fingerprint')).out;
  t.is(csv.split('\r\n')[0], '"names","fingerprint"');
  t.is(csv.split('\r\n')[1], `"pay.example.test","${prepared.bought}"`);
});

test('one certificate tells its chain, six states, holders, who serves an older one, and itself as PEM', async (t) => {
  const { fingerprint, pem } = prepared.shop;
  const told = await type('certificate', 'show', fingerprint.slice(0, 12));
  t.is(told.code, 0, told.err);
  t.regex(told.out, /^shop\.example\.test {2}proved\n/);
  t.regex(
    told.out,
    /Endpoints \(2\)[^]*drift {2}shop\.example\.test@0\.0\.0\.0:443\/ecdsa on =web-2\\x1b\[31m\\u\{202e\}, serves [0-9a-f]{8}/,
  );
  t.regex(told.out, / {6}\+ in the config\n {6}- loaded\n {6}- served at the host\n/);
  t.regex(told.out, /Files \(2\)\n {2}=web-2.*\n {2}web-1: \/etc\/letsencrypt\/live\/shop\/fullchain\.pem\n/);
  t.regex(told.out, /Others for its names \(1\), newest first\n.*Northgate R1, Northgate, served by 1 endpoint\n/);
  t.regex(told.out, /History \(\d+\), newest first\n/);
  t.false(/[\u001B\u202E]/.test(told.out));
  const shown = await type('certificate', 'show', fingerprint.toUpperCase().replaceAll(/..(?=.)/g, '$&:'), '--pem');
  t.is(new X509Certificate(shown.out).raw.toString('hex'), new X509Certificate(pem).raw.toString('hex'));
  const of = await json('certificate', 'show', 'www.shop.example.test');
  t.deepEqual([of.certificate.state, of.waiting.length, of.relatives[0].fingerprint], ['proved', 1, prepared.older]);
  const several = await type('certificate', 'show', 'shop.example.test');
  t.is(several.code, 1);
  t.regex(several.err, /^2 certificates are for shop\.example\.test: name one by its fingerprint\nFINGERPRINT/);
  const nothing = await type('certificate', 'show', 'away.example.test');
  t.deepEqual([nothing.code, nothing.out], [1, '']);
  t.regex(nothing.err, /no certificate is away\.example\.test/);
  const untold = await type('certificate', 'show', prepared.bought, '--pem');
  t.is(untold.code, 1);
  t.regex(untold.err, /what it knows is what an agent said/);
});

test('endpoints and hosts are listed and shown, and what a host is called does nothing to a terminal or a sheet', async (t) => {
  const endpoints = await type('endpoint', 'list', '--status', 'drift');
  t.regex(
    endpoints.out.split('\n')[1] ?? '',
    /^shop\.example\.test +drift .*=web-2\\x1b\[31m\\u\{202e\} .*configured, not loaded/,
  );
  t.is((await json('endpoint', 'list', '--port', '443')).items.length, 3);
  const sheet = (await type('endpoint', 'list', '--csv', '--columns', 'host', '--sort', 'host')).out;
  t.is(sheet.split('\r\n')[1], `"shop.example.test","'=web-2\u241B[31m\u27E6U+202E\u27E7"`);
  const hosts = await type('host', 'list', '--sort', 'name', '--reverse');
  t.regex(hosts.out.split('\n')[1] ?? '', /^web-1 +healthy +/);
  const listed = (await json('host', 'list', '--status', 'critical')).items;
  t.like(listed[0], { name: hostile, renewability: { lineages: 1, good: 0, bad: 0 }, endpoints: 1, findings: 1 });
  const host = await type('host', 'show', 'agent-02');
  t.is(host.code, 0, host.err);
  t.regex(host.out, /critical {2}nginx was not reloaded/);
  t.regex(host.out, /Findings \(1\)\n.*not-served\n[^]*systemctl reload nginx\n/);
  t.regex(host.out, /Lineages \(1\)\n {2}shop: newest [0-9a-f]{8}, not rehearsed\n/);
  t.false(/[\u001B\u202E]/.test(hosts.out + host.out));
  t.regex(host.out, /\n {2}Agent +version not told, may renew\n/);
  t.like(await json('host', 'show', 'web-1'), {
    host: { status: 'healthy' },
    lineages: [{ name: 'shop' }],
    events: [{ ok: false }, { kind: 'renewal' }],
  });
  t.regex((await type('host', 'show', 'web-9')).err, /no host is named web-9: certherd-collector host list/);
});

test('one endpoint tells its three certificates, how far the newest got, what puts it at risk', async (t) => {
  const several = await type('endpoint', 'show', 'shop.example.test');
  t.deepEqual([several.code, several.err.split('\n').length], [1, 3]);
  t.regex(
    several.err,
    /^2 endpoints are shop\.example\.test: .*\n {2}shop\.example\.test@0\.0\.0\.0:443\/ecdsa {2}--host =web-2\\x1b/,
  );
  const told = await type('endpoint', 'show', 'shop.example.test@0.0.0.0:443/ecdsa', '--host', hostile);
  t.is(told.code, 0, told.err);
  t.regex(told.out, /^shop\.example\.test {2}drift\n/);
  t.regex(told.out, / {2}Proof +issued and configured differ from served; the newest is configured, not loaded\n/);
  t.regex(told.out, / {2}\+ in the config\n {2}- loaded\n/);
  t.regex(told.out, /Findings \(1\)\n.*not-served\n[^]*systemctl reload nginx\n\nHistory \(3\), newest first\n/);
  t.regex(told.out, new RegExp(`\n  [-0-9]{10} [0-9:]{8} UTC to now: served: ${prepared.older.slice(0, 8)}$`, 'm'));
  t.false(/[\u001B\u202E]/.test(told.out + several.err));
  const shown = await json('endpoint', 'show', 'pay.example.test');
  t.like(shown, { endpoint: { status: 'proved', labels: { owner: 'payments' } }, findings: [], places: [] });
  t.deepEqual(
    shown.history.map(({ state, until }: { state: string; until?: string }) => [state, until]),
    [
      ['endpoint-configured', undefined],
      ['endpoint-issued', undefined],
      ['endpoint-served', undefined],
    ],
  );
  t.is((await type('endpoint', 'show', 'away.example.test')).code, 1);
});

test('targets are listed and shown with what they present, before too; and the audit history by who, what and when', async (t) => {
  const added = await type('target', 'add', 'shop.example.test', 'pay.example.test:8443', '--every', '5m');
  t.is(added.code, 0, added.err);
  const list = await type('target', 'list', '--state', 'not asked yet', 'PAY');
  t.regex(list.out, /^TARGET +STATE +SEEN FROM .*\npay\.example\.test:8443 +not asked yet +the collector/);
  t.deepEqual(
    (await json('target', 'list')).items.map(({ target }: { target: string }) => target),
    ['pay.example.test:8443', 'shop.example.test:443'],
  );
  t.regex((await type('target', 'list', '--csv')).out, /^"target","state","findings","from","address",/);
  const [shop] = (await prepared.store.targets.all()).filter(({ target }) => target.startsWith('shop'));
  const place = {
    address: '192.0.2.7',
    algorithm: 'ecdsa' as const,
    served: prepared.older,
    chain: [],
    subject: 'CN=shop\u001B',
    issuer: 'O=Northgate',
    notBefore: new Date(now - day).toISOString(),
    notAfter: new Date(now + 10 * day).toISOString(),
    nameMatches: true,
    trusted: false,
    chainProblem: 'no root',
    staple: { state: 'none' as const, since: now },
    mustStaple: true as const,
    since: now,
  };
  const change = { address: place.address, algorithm: place.algorithm, served: place.served };
  t.true(shop && (await prepared.store.targets.keep(shop, now, { places: [place], leftOut: 0 }, [change])).ok);
  const shown = await type('target', 'show', 'shop.example.test');
  t.is(shown.code, 0, shown.err);
  t.regex(
    shown.out,
    /^shop\.example\.test:443 {2}seen from the collector\n {2}Last look +\d{4}-.* UTC\n {2}Every +5 min\n/,
  );
  t.regex(
    shown.out,
    /Addresses \(1\)\n {2}192\.0\.2\.7 ecdsa {2}since .*\n {4}Subject +CN=shop\\x1b\n[^]*Chain +not trusted: no root\n {4}Staple +is missing, and the certificate demands one\n/,
  );
  t.regex(shown.out, /History \(1\), newest first\n.* to now: [0-9a-f]{8} at 192\.0\.2\.7 ecdsa$/);
  t.like((await json('target', 'show', 'pay.example.test:8443')).items, [
    { target: { everySeconds: 300 }, history: [] },
  ]);
  t.is((await type('target', 'show', 'away.example.test')).code, 1);
  const audit = await type('audit', '--subject', 'pay.', '--action', 'target-added', '--csv');
  t.regex(
    audit.out,
    /^"when","who","by","what","of","detail"\r\n"[^"]+","[^"]+","command","target-added","pay\.example\.test:8443","every=300 s"$/,
  );
  t.is((await type('audit', '--until', '2020-01-01')).out, 'Nothing fits.');
  t.is((await json('audit', '--since', new Date().toISOString().slice(0, 10), '--via', 'command')).items.length, 2);
  for (const wrong of [
    ['--action', 'x'],
    ['--via', 'x'],
    ['--since', 'x'],
    ['--until', '2020'],
    ['--csv', '--json'],
  ]) {
    const { code, err } = await type('audit', ...wrong);
    t.deepEqual([code, err.split('\n').length], [64, 1], wrong.join(' '));
  }
});

test('a list fits terminals of 80 to 200 characters: what comes first is kept, what is wide is cut, and what is left out is named', (t) => {
  const rows = ['short', 'a-name-that-is-much-longer-than-any-terminal-is-wide-and-goes-on.example.test'];
  const columns = ['name', 'state', 'issuer', 'owner', 'team', 'platform'].map((name) =>
    textColumn<string>(name, name, true, (row) => (name === 'state' ? 'proved' : row)),
  );
  for (let width = 80; width <= 200; width += 1) {
    const { lines, leftOut } = listLines(rows, columns, { now, width });
    for (const line of lines) t.true(line.length <= width, `${line.length} of ${width}`);
    t.regex(lines[1] ?? '', /^short +proved/);
    t.deepEqual(
      leftOut,
      columns.slice(columns.length - leftOut.length).map(({ name }) => name),
    );
  }
  t.deepEqual(listLines(rows, columns, { now, width: 80 }).leftOut, ['owner', 'team', 'platform']);
  t.true((listLines(rows, columns, { now, width: undefined }).lines[2]?.length ?? 0) > 300);
});

test('what a list may be chosen by is what the page has', (t) => {
  const names = (facets: readonly { name: string }[]) => facets.map(({ name }) => name).sort();
  t.deepEqual(names(certificateFacets), [...chosenBy.certificate].sort());
  t.deepEqual(names(endpointFacets), [...chosenBy.endpoint].sort());
  t.deepEqual(names(hostFacets), [...chosenBy.host].sort());
  t.deepEqual(names(targetFacets), [...chosenBy.target].sort());
});
