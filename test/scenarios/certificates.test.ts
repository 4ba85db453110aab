import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { shopName, type TestHost } from '../helpers/host.ts';
import { issuedElsewhere, trustRoot } from '../helpers/lineage-content.ts';
import { mint, mintChain } from '../helpers/mint.ts';
import { cleared, follow, found, halves, healthy, look, sharedHost } from '../helpers/scenario.ts';
import { site } from '../helpers/testbed/nginx.ts';

const shared = sharedHost(test);

/** Serves the shop with this pair, loaded. */
async function serve(host: TestHost, pair: { certificate: string; key: string }) {
  const block = site({ serverNames: [shopName], port: host.tlsPort, pairs: [pair] });
  // Debian's OpenSSL would refuse to load what is weak; hosts that still serve it have lowered the level.
  host.nginx.writeSite('shop', block.replace('{\n', '{\n  ssl_ciphers DEFAULT@SECLEVEL=0;\n'));
  await host.nginx.reloadWhole();
}

test.serial('key-mismatch: files of two renewals were mixed by hand', async (t) => {
  const host = shared();
  const { keyTarget } = host.certbot.lineage('shop');
  fs.writeFileSync(keyTarget(), (await mint()).keyPem);
  const finding = await found(host, 'key-mismatch');
  t.is(finding.severity, 'critical');
  t.deepEqual(finding.subject, { kind: 'lineage', id: 'shop' });
  t.regex(
    finding.cause,
    /privkey\.pem does not belong to the certificate .*fullchain\.pem: nginx would refuse the pair/,
  );
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  await healthy(t, host);
});

test.serial('key-mismatch: a key of another kind, which nginx takes at its own test', async (t) => {
  const host = shared();
  const key = host.certbot.lineage('shop').keyTarget();
  const before = fs.readFileSync(key);
  const kind = execFileSync('openssl', ['pkey', '-in', key, '-noout', '-text'], { encoding: 'utf8' });
  fs.writeFileSync(key, (await mint({ key: kind.includes('NIST') ? 'rsa' : 'ec' })).keyPem);
  t.is((await host.nginx.test()).exit, 0, 'nginx -t says nothing of it');
  const finding = await found(host, 'key-mismatch');
  t.regex(
    finding.cause,
    /it is of another kind, so nginx takes the pair without a word, .* no client gets a handshake/,
  );
  t.false(
    (await look(host)).findings.some(({ code }) => code === 'restart-would-fail'),
    'nginx would start',
  );
  fs.writeFileSync(key, before);
  await cleared(t, host, finding);
});

test.serial('key-mismatch: the config names the key of another site, which is to be left alone', async (t) => {
  const host = shared();
  const { certificate, key } = host.certbot.lineage('shop');
  const other = path.join(host.sandbox.directory, 'other.key');
  fs.writeFileSync(other, (await mint()).keyPem);
  await serve(host, { certificate, key });
  const wrong = site({ serverNames: [shopName], port: host.tlsPort, pairs: [{ certificate, key: other }] });
  const file = host.nginx.writeSite('shop', wrong);
  const finding = await found(host, 'key-mismatch');
  const { sentence, command } = halves(finding.remedy);
  t.is(sentence, `In ${file}:1 name ${key} as the key of ${certificate}`);
  host.nginx.writeSite('shop', wrong.replaceAll(other, key));
  await follow(t, host, command);
  await cleared(t, host, finding);
});

test.serial('key-exposed: everybody on the host may read the key', async (t) => {
  const host = shared();
  const key = host.certbot.lineage('shop').keyTarget();
  fs.chmodSync(key, 0o644);
  const above = ['archive', 'archive/shop', 'live', 'live/shop', '.', '..'];
  const closed = above.map((one) => path.join(host.certbot.configDirectory, one));
  const modes = closed.map((directory) => fs.statSync(directory).mode);
  for (const directory of closed) fs.chmodSync(directory, 0o755);
  const finding = await found(host, 'key-exposed');
  t.is(finding.severity, 'critical');
  t.is(finding.evidence.file, fs.realpathSync(key));
  t.regex(finding.cause, /every account on this host can read the private key/);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  closed.forEach((directory, index) => fs.chmodSync(directory, modes[index] ?? 0o700));
});

for (const { code, kind, hash, cause } of [
  { code: 'weak-key', kind: 'rsa:1024', hash: '-sha256', cause: /has the key RSA 1024: below 2048 bits/ },
  { code: 'weak-signature', kind: 'rsa:2048', hash: '-sha1', cause: /sha1WithRSAEncryption: SHA-1 can be forged/ },
] as const) {
  test.serial(`${code}: a lineage from an old private CA, until the printed renewal ran`, async (t) => {
    const host = shared();
    const lineage = host.certbot.lineage('shop');
    const ca = path.join(host.sandbox.folder('old-ca'), 'ca');
    const openssl = (line: string) => execFileSync('openssl', line.split(' '), { stdio: 'pipe' });
    openssl(`req -x509 -newkey rsa:2048 -nodes -keyout ${ca}.key -out ${ca}.pem -subj /CN=Old-CA`);
    const key = lineage.keyTarget();
    const leaf = key.replace('privkey', 'cert');
    const names = `-subj /CN=${shopName} -addext subjectAltName=DNS:${shopName}`;
    openssl(`req -newkey ${kind} -nodes -keyout ${key} -out ${ca}.csr ${names}`);
    openssl(
      `x509 -req -in ${ca}.csr -CA ${ca}.pem -CAkey ${ca}.key -CAcreateserial ${hash} -copy_extensions copy -days 90 -out ${leaf}`,
    );
    fs.writeFileSync(key.replace('privkey', 'fullchain'), fs.readFileSync(leaf));
    trustRoot(host, fs.readFileSync(`${ca}.pem`, 'utf8'));
    await serve(host, lineage);
    const finding = await found(host, code);
    t.is(finding.severity, 'warning');
    t.regex(finding.cause, cause);
    await follow(t, host, finding.remedy);
    await cleared(t, host, finding);
    await healthy(t, host);
  });
}

test.serial('chain-incomplete and chain-untrusted: cert.pem was named in the place of fullchain.pem', async (t) => {
  const host = shared();
  const lineage = host.certbot.lineage('shop');
  await issuedElsewhere(host, [-1, 89]);
  const leafAlone = lineage.certificate.replace('fullchain', 'cert');
  await serve(host, { certificate: leafAlone, key: lineage.key });
  const untrusted = await found(host, 'chain-untrusted');
  const incomplete = await found(host, 'chain-incomplete');
  t.deepEqual([untrusted.severity, incomplete.severity], ['warning', 'notice']);
  t.regex(untrusted.cause, /names .*cert\.pem, which holds the leaf without its intermediate/);
  t.regex(incomplete.cause, /cert\.pem holds the leaf alone, without the certificate of its issuer, CN=/);
  const { sentence, command } = halves(incomplete.remedy);
  const [, file, named] = /^In (\S+):\d+ name (\S+) in the place of /.exec(sentence) ?? [];
  t.is(incomplete.remedy, untrusted.remedy);
  const text = fs.readFileSync(file ?? '', 'utf8');
  fs.writeFileSync(file ?? '', text.replace(leafAlone, named ?? ''));
  await follow(t, host, command);
  await cleared(t, host, incomplete);
});

test.serial('chain-untrusted: a private CA, until its root is named in the settings', async (t) => {
  const host = shared();
  const made = await mintChain({ names: [shopName] });
  const directory = host.sandbox.folder('private');
  const pair = { certificate: path.join(directory, 'shop.pem'), key: path.join(directory, 'shop.key') };
  fs.writeFileSync(pair.certificate, made.fullchain);
  fs.writeFileSync(pair.key, made.leaf.keyPem, { mode: 0o600 });
  await serve(host, pair);
  const finding = await found(host, 'chain-untrusted');
  t.is(finding.severity, 'warning');
  t.regex(finding.cause, /the chain ends before CN=Test Root, which is neither sent nor trusted by this host/);
  t.regex(finding.remedy, /^If CN=Test Root is your own CA, name its root in agent\.toml: extra_roots = /);
  trustRoot(host, made.root.pem);
  await cleared(t, host, finding);
});

test.serial('chain-incomplete: the issuer in the file is another one than the leaf has', async (t) => {
  const host = shared();
  const [own, other] = [await mintChain({ names: [shopName] }), await mintChain()];
  const directory = host.sandbox.folder('mixed');
  const pair = { certificate: path.join(directory, 'shop.pem'), key: path.join(directory, 'shop.key') };
  trustRoot(host, own.root.pem);
  fs.writeFileSync(pair.certificate, own.leaf.pem + other.chain);
  fs.writeFileSync(pair.key, own.leaf.keyPem, { mode: 0o600 });
  await serve(host, pair);
  const finding = await found(host, 'chain-incomplete');
  t.is(finding.severity, 'warning');
  t.true(finding.remedy.startsWith(`Put the leaf first and each issuer after it in ${pair.certificate}`));
  fs.writeFileSync(pair.certificate, own.fullchain);
  await host.nginx.reloadWhole();
  await cleared(t, host, finding);
});

test.serial('chain-untrusted: the intermediate in the file has ended, and its CA has a new one', async (t) => {
  const host = shared();
  const life = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(2049, 0, 1)), authority: true };
  const root = await mint({ ...life, subject: [['CN', 'Own Root']] });
  const ended = new Date(Date.now() - 3_600_000);
  const old = await mint({ ...life, notAfter: ended, subject: [['CN', 'Own Middle']], issuer: root });
  const renewed = await mint({ ...life, key: old.key, subject: [['CN', 'Own Middle']], issuer: root });
  const leaf = await mint({ names: [shopName], issuer: old });
  const directory = host.sandbox.folder('ended');
  const pair = { certificate: path.join(directory, 'shop.pem'), key: path.join(directory, 'shop.key') };
  trustRoot(host, root.pem);
  fs.writeFileSync(pair.certificate, leaf.pem + old.pem);
  fs.writeFileSync(pair.key, leaf.keyPem, { mode: 0o600 });
  await serve(host, pair);
  const finding = await found(host, 'chain-untrusted');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /leads over CN=Own Middle, which ended at/);
  t.true(finding.remedy.startsWith(`Replace the issuer's certificate in ${pair.certificate}`), finding.remedy);
  fs.writeFileSync(pair.certificate, leaf.pem + renewed.pem);
  await host.nginx.reloadWhole();
  await cleared(t, host, finding);
});
