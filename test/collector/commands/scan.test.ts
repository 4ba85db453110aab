import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SeenTarget } from '../../../collector/scan/seen.ts';
import { mint, mintChain, mintKey } from '../../helpers/mint.ts';
import { opensslOcsp } from '../../helpers/ocsp.ts';
import { plainTextServer } from '../../helpers/plain-text-server.ts';
import { startNginx } from '../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { startTestDns } from '../../helpers/testbed/test-dns.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const sandbox = openSandbox();
test.after.always(() => sandbox.close());

async function run(args: readonly string[]) {
  const child = runCollector(['scan', ...args]);
  const code = await child.ended;
  return { code, out: child.lines, err: child.complaints.join('\n') };
}

/** Counts connections and ends each. */
async function counting(t: ExecutionContext) {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    socket.on('error', () => {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, count: () => count };
}

test('names, addresses and a mail server are asked at a real nginx and judged, as text, JSON and CSV', async (t) => {
  const dns = await startTestDns(sandbox);
  const [port, agedPort] = [await sandbox.port(), await sandbox.port()];
  const good = await mintChain({ names: ['shop.example.test'] });
  const rsa = await mint({ names: ['shop.example.test'], key: mintKey('rsa'), issuer: good.intermediate });
  const old = await mint({
    names: ['old.example.test'],
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2026-02-01'),
    issuer: good.intermediate,
  });
  const revokedAt = new Date('2026-01-15T00:00:00.000Z');
  const answer = await opensslOcsp(sandbox, { leaf: old, issuer: good.intermediate, says: { revokedAt } });
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(sandbox.directory, name), text);
    return join(sandbox.directory, name);
  };
  const pair = (name: string, { pem, keyPem }: { pem: string; keyPem: string }) =>
    `ssl_certificate ${file(`${name}.pem`, pem + good.intermediate.pem)}; ssl_certificate_key ${file(`${name}.key`, keyPem)};`;
  const both = `${pair('ec', good.leaf)} ${pair('rsa', rsa)}`;
  const modern = 'ssl_protocols TLSv1.2 TLSv1.3;';
  await startNginx(sandbox, {
    httpPort: await sandbox.port(),
    sites: {
      shop: `server { listen 127.0.0.1:${port} ssl default_server; listen [::1]:${port} ssl; server_name shop.example.test; ${modern} ${both} }`,
      aged: `server { listen 127.0.0.1:${agedPort} ssl; server_name shop.example.test; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0; ${pair('aged', good.leaf)} }`,
      old: `server { listen 127.0.0.1:${port} ssl; server_name old.example.test; ${modern} ${pair('old', old)} ssl_stapling on; ssl_stapling_file ${file('answer.der', answer)}; }`,
    },
  });
  const mail = await plainTextServer('smtp', { pem: good.leaf.pem, keyPem: good.leaf.keyPem });
  t.teardown(() => mail.close());
  const roots = file('root.pem', good.root.pem);
  const around = ['--name-servers', dns.server, '--roots', roots, '--address-rate', '1000', '--rate', '1000'];
  const targets = [
    `shop.example.test:${port}`,
    `old.example.test:${port}`,
    `other.example.test:${port}`,
    `smtp://shop.example.test:${mail.port}`,
    'shop.example.test:1',
    `shop.example.test:${agedPort}`,
  ];

  const told = await run([...targets, ...around, '--allow-loopback', '--versions', '--json']);
  t.is(told.code, 2, told.err);
  const { items }: { items: SeenTarget[] } = JSON.parse(told.out.join('\n'));
  const [shop, expired, other, smtp, closed, aged] = items.map(({ places }) => places[0]);
  t.deepEqual(
    items.map(({ target }) => target),
    targets,
  );
  t.deepEqual(
    shop?.answers.map(({ algorithm, certificates, nameMatches, trusted, tlsVersion }) => [
      algorithm,
      certificates.map(({ fingerprint }) => fingerprint),
      nameMatches,
      trusted,
      tlsVersion,
    ]),
    [
      ['ecdsa', [good.leaf, good.intermediate].map(fingerprintOf), true, true, 'TLSv1.3'],
      ['rsa', [rsa, good.intermediate].map(fingerprintOf), true, true, 'TLSv1.3'],
    ],
    'each kind of key, with the chain as sent',
  );
  t.deepEqual(shop?.versions, ['TLSv1.2', 'TLSv1.3']);
  t.deepEqual(aged?.versions, ['TLSv1', 'TLSv1.1', 'TLSv1.2'], 'what no browser takes any more is seen, too');
  t.is(expired?.answers[0]?.certificates[0]?.fingerprint, fingerprintOf(old));
  t.like(expired?.answers[0]?.staple, { state: 'revoked', revokedAt: revokedAt.toISOString() });
  t.deepEqual(shop?.answers[0]?.staple, { state: 'none' });
  t.like(other?.answers[0], { nameMatches: false, trusted: true });
  t.like(
    smtp?.answers[0],
    { nameMatches: true, trusted: false, chainProblem: 'no-issuer' },
    'it sends no intermediate',
  );
  t.is(closed?.failure?.reason, 'connection-refused');

  const table = await run([...targets, ...around, '--allow-loopback']);
  t.is(table.code, 2);
  t.regex(
    table.out.join('\n'),
    /^old\.example\.test:\d+ +127\.0\.0\.1 +ecdsa +2026-02-01 +Test Intermediate +expired, revoked$/m,
  );
  t.regex(table.out.join('\n'), /^other\.example\.test:\d+ .* name-mismatch$/m);
  t.regex(table.out.join('\n'), /^smtp:\/\/shop\.example\.test:\d+ .* untrusted: no-issuer$/m);
  t.is(table.out.at(-1), '6 targets, 6 addresses: 3 fine, 4 wrong, 1 not seen.');
  const fine = await run([targets[0] ?? '', ...around, '--allow-loopback']);
  t.deepEqual([fine.code, fine.out.at(-1)], [0, '1 target, 1 address: 2 fine, 0 wrong, 0 not seen.']);

  await dns.set('shop.example.test', { a: ['127.0.0.1'], aaaa: ['::1'] });
  const families = await run([targets[0] ?? '', ...around, '--allow-loopback', '--json']);
  const [everywhere]: SeenTarget[] = JSON.parse(families.out.join('\n')).items;
  t.deepEqual(
    everywhere?.places.map(({ address, answers }) => [address, answers.map(({ algorithm }) => algorithm)]).sort(),
    [
      ['127.0.0.1', ['ecdsa', 'rsa']],
      ['::1', ['ecdsa', 'rsa']],
    ],
    'each address of the name, of both families',
  );
  await dns.set('shop.example.test', { a: ['127.0.0.1'] });

  // as whoever keeps one writes it: an owner, a port with the name, and a wildcard that nobody can ask
  const given = file('given.csv', `domain,owner,team\n${targets[0]},payments,web\n*.example.test,nobody,web\n`);
  const owned = await run(['--file', given, ...around, '--allow-loopback', '--csv']);
  t.is(owned.code, 0, owned.err);
  t.regex(
    owned.out[1] ?? '',
    new RegExp(`^"shop\\.example\\.test",.*,"payments","web",,,"shop\\.example\\.test:${port}"`),
  );
  t.regex(owned.err, /^1 row of \S*given\.csv left out: a wildcard, or no name$/m);

  const list = file('domains.txt', `# ours\n${targets[0]}  # the shop\n\n${targets[1]}\n`);
  const sheet = await run(['--file', list, ...around, '--allow-loopback', '--csv']);
  const columns =
    'domain,expiration,issuer,owner,team,environment,platform,seen_target,seen_address,seen_key,seen_fingerprint,seen_tls,seen_problem';
  t.is(sheet.out[0]?.replaceAll('"', ''), columns);
  t.regex(sheet.out[1] ?? '', /^"old\.example\.test","2026-02-01","Test Intermediate",,,,,.*,"expired, revoked"$/);
  t.is(sheet.out.length, 4);

  const inward = await run([targets[0] ?? '', ...around]);
  t.is(inward.code, 3);
  t.regex(inward.out.join('\n'), /not-allowed: 127\.0\.0\.1 is this machine itself/);
  t.regex(
    `${inward.out.join('\n')}\n${inward.err}`,
    /1 may not be asked: --allow-private and --allow-loopback let this/,
  );
});

test('a scan that was ended goes on where it was left, and asks nothing twice', async (t) => {
  const directory = temporaryDirectory(t);
  const journal = join(directory, 'seen.jsonl');
  const { port, count } = await counting(t);
  const list = join(directory, 'list.txt');
  writeFileSync(list, `127.0.0.1:${port}\n127.7.0.0/26:${port}\n`);
  const args = ['--file', list, '--allow-loopback', '--resume', journal];
  const killed = runCollector(['scan', ...args, '--rate', '5']);
  const isKept = () => existsSync(journal) && readFileSync(journal, 'utf8').includes('"target":"127.0.0.1:');
  await until('the first one is kept', isKept);
  killed.process.kill('SIGKILL');
  await killed.ended;
  t.is(count(), 1);
  const lines = () => readFileSync(journal, 'utf8').split('\n').length;
  const before = lines();
  const child = runCollector(['scan', ...args, '--rate', '5']);
  await until('more are kept', () => lines() > before + 1);
  child.process.kill('SIGINT');
  t.is(await child.ended, 1);
  t.regex(child.complaints.join('\n'), /^Ended: \d+ of 65 targets asked; the same command goes on\.$/m);
  t.is(count(), 1);
  const kept = readFileSync(journal, 'utf8').trim().split('\n').length;
  t.true(kept < 65);
  // as a machine that lost its power leaves it
  writeFileSync(journal, `${readFileSync(journal, 'utf8')}{"target":"127.7.0.63:1`);
  const whole = await run([...args, '--json']);
  t.is(whole.code, 3, whole.err);
  t.regex(
    whole.err,
    /^\d+ of 65 targets as \S*seen\.jsonl has them, asked since \d{4}-\S+Z; a new file asks all of them anew\.$/m,
  );
  const { items }: { items: SeenTarget[] } = JSON.parse(whole.out.join('\n'));
  t.is(items.length, 65);
  t.is(count(), 1, 'what was asked is not asked again');
  t.is(readFileSync(journal, 'utf8').trim().split('\n').length, 66, 'one line for each, and the one that was cut off');
  const strange = join(directory, 'strange');
  writeFileSync(strange, 'my diary\n');
  const refused = await run(['127.0.0.1', '--resume', strange]);
  t.is(refused.code, 1);
  t.regex(refused.err, /not what a scan wrote/);
  t.is(readFileSync(strange, 'utf8'), 'my diary\n');
});

test('a scan that takes long shows on a terminal how far it is, and takes that back', async (t) => {
  const mute = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.teardown(() => mute.close());
  const target = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const onTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const main = join(import.meta.dirname, '../../../collector/main.ts');
  const argv = [process.execPath, main, 'scan', target, '--allow-loopback', '--timeout', '2s'];
  const shown = await sandbox.run('/usr/bin/python3', ['-c', onTerminal, ...argv], {
    env: { PATH: '/usr/bin:/bin', TERM: 'xterm', LANG: 'C.UTF-8' },
  });
  t.is(shown.exit, 3, shown.stdout);
  t.true(shown.stdout.includes(`\r\u001b[K[${'-'.repeat(24)}] 0 of 1 targets asked`), JSON.stringify(shown.stdout));
  const [, after = ''] = shown.stdout.split(/0 of 1 targets asked\r\u001b\[K(?!\[)/);
  t.regex(after, /timed-out/);
});

test('the fleet gives the names, and what is seen goes into the list without harm to what is there', async (t) => {
  const dns = await startTestDns(sandbox);
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(
    config,
    `agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\nscan_allow = ["loopback"]\nscan_name_servers = ["${dns.server}"]\n`,
  );
  const data = join(directory, 'data');
  const common = ['--config', config, '--data', data];
  const collector = await spawnCollector(t, common);
  const leaf = await mint({ names: ['shop.example.test', '=cmd.example.test'] });
  const server = await plainTextServer('imap', leaf);
  t.teardown(() => server.close());
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const wire = await begin(invitation, await enrol(invitation, 'web-1'), { minVersion: 1, maxVersion: 2 });
  const one = certificate('one', { subjectAltNames: ['shop.example.test', '*.example.test'] });
  const at = { port: server.port, startTls: 'imap' as const };
  const endpoints = [
    endpoint(one, { ...at, serverName: 'shop.example.test' }),
    endpoint(one, { ...at, id: 'x', serverName: '~^any' }),
  ];
  wire.send(snapshotFrame(snapshot(one, { endpoints })));
  await until(
    'the snapshot is kept',
    async () => (await (await fetch(`${collector.web}api/v1/estate`)).json()).endpoints.length === 2,
  );
  const list = join(directory, 'list.csv');
  writeFileSync(list, 'domain,expiration,owner\nshop.example.test,2020-01-01,payments\nkept.example.test,never,web\n');
  const imported = runCollector(['import', '--yes', list, ...common]);
  t.is(await imported.ended, 0);

  const seen = await run(['--fleet', '--save', '--csv', '--timeout', '2s', ...common]);
  t.is(seen.code, 2, seen.err);
  t.regex(
    seen.out[1] ?? '',
    new RegExp(`^"shop\\.example\\.test","${leaf.x509.validToDate.toISOString().slice(0, 10)}",.*"payments"`),
  );
  t.regex(seen.out[1] ?? '', new RegExp(`"imap://shop\\.example\\.test:${server.port}","127\\.0\\.0\\.1"`));
  t.regex(seen.err, /^1 row saved into the list, which has 2 rows now\.$/m);
  const exported = runCollector(['export', '--json', ...common]);
  await exported.ended;
  const { items } = JSON.parse(exported.lines.join('\n'));
  const labelled = (wanted: string) => items.find(({ name }: { name: string }) => name === wanted);
  const expiration = leaf.x509.validToDate.toISOString().slice(0, 10);
  t.like(labelled('shop.example.test'), { expiration, labels: { owner: 'payments' } });
  t.like(labelled('kept.example.test'), { expiration: 'never', labels: { owner: 'web' } });
  wire.close();
  await once(wire.socket, 'close').catch(() => {});
});

test('wrong usage is a line that says what is expected, and nothing is asked', async (t) => {
  const cases: [args: string[], line: RegExp][] = [
    [[], /no target: name some, or give --file or --fleet/],
    [['*.example.com'], /a wildcard has no address/],
    [['shop.example.com', '--ports', '0'], /--ports: expected a number from 1 to 65535/],
    [['shop.example.com', '--starttls', 'gopher'], /--starttls: expected one of smtp/],
    [['shop.example.com', '--name-servers', 'ns.example.com'], /is no address of a resolver/],
    [['shop.example.com', '--roots', '/nonexistent'], /\/nonexistent: cannot be read \(ENOENT\)/],
    [['shop.example.com', '--timeout', 'soon'], /--timeout: expected a time/],
    [['--file', '/nonexistent'], /cannot be read \(ENOENT\)/],
  ];
  const results = await Promise.all(cases.map(([args]) => run(args)));
  for (const [index, { code, err }] of results.entries()) {
    t.is(code, 1);
    t.regex(err, cases[index]?.[1] ?? /^$/);
  }
});

function fingerprintOf({ x509 }: { x509: { fingerprint256: string } }): string {
  return x509.fingerprint256.replaceAll(':', '').toLowerCase();
}
