import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '@certherd/protocol/finding';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '../../agent/config.ts';
import { signatureAlgorithmOf } from '../../agent/formats/signature-algorithm.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { keepingCertificates, type ServedCertificates } from '../../agent/observe/trust.ts';
import { readTrustedRoots } from '../../agent/observe/trusted-roots.ts';
import { observeUpkeep } from '../../agent/observe/upkeep.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';
import { judgeUpkeep } from '../helpers/upkeep.ts';

const files = systemFiles();

/** A healthy host that trusts pebble's root, with a look at it as the agent takes one. */
async function openHost(t: ExecutionContext) {
  const host = await startHost(t);
  const root = livingTree(host);
  const rootFile = path.join(host.sandbox.directory, 'pebble-root.pem');
  fs.writeFileSync(rootFile, host.pebble.rootPem);
  const look = async (extraRoots = [rootFile]) => {
    const loaded = loadConfig(files, host.configFile, { hostName: 'web-1', isRoot: true, stateHome: '/nonexistent' });
    if (!loaded.ok) throw new Error(loaded.failure.join('\n'));
    const served: ServedCertificates = new Map();
    const looking = systemLooking();
    const ports = { ...looking, dial: keepingCertificates(looking.dial, served) };
    const seen = await observeHost(ports, loaded.value, { name: 'web-1', agentVersion: '0', platform: 'test' });
    const roots = readTrustedRoots(files, { extraRoots, bundled: () => [] });
    const upkeep = observeUpkeep(ports, loaded.value, seen, { served, roots }, root);
    const certificates = seen.certificates.map((certificate) => {
      const der = served.get(certificate.fingerprint) ?? configuredDer(seen.deployments, certificate.fingerprint);
      const signature = der && signatureAlgorithmOf(new X509Certificate(der));
      return { ...certificate, ...(signature && { signature }) };
    });
    return judgeUpkeep({ ...seen, certificates, ...upkeep }, { config: loaded.value, now: seen.at });
  };
  const codes = async () => (await look()).map(({ code, severity }) => `${severity} ${code}`);
  return { host, look, codes };
}

/** The tree of a host whose certbot.timer works on this certbot's directory. */
function livingTree({ sandbox, certbot }: TestHost): string {
  const root = sandbox.folder('tree');
  const units = sandbox.folder('tree/etc/systemd/system');
  sandbox.folder('tree/run/systemd/system');
  fs.writeFileSync(
    path.join(units, 'certbot.service'),
    `[Service]\nExecStart=/usr/bin/certbot -q renew --config-dir ${certbot.configDirectory}\n`,
  );
  fs.writeFileSync(path.join(units, 'certbot.timer'), '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n');
  execFileSync('systemctl', [`--root=${root}`, 'enable', 'certbot.timer'], { stdio: 'pipe' });
  return root;
}

function configuredDer(deployments: readonly { certificatePath: string; configured?: string }[], fingerprint: string) {
  const deployment = deployments.find(({ configured }) => configured === fingerprint);
  return deployment && new X509Certificate(fs.readFileSync(deployment.certificatePath)).raw;
}

/** Runs a remedy as printed: commands joined with &&, no quotes in them here. */
async function run(t: ExecutionContext, { host }: { host: TestHost }, finding: Finding | undefined) {
  for (const command of (finding?.remedy ?? '').split(' && ')) {
    const [program = '', ...args] = command.split(' ');
    const ran = await host.sandbox.run(program, args, { env: host.certbot.environment });
    t.is(ran.exit, 0, `${command}: ${ran.stderr}`);
  }
}

test('a healthy host has no finding; its key, opened to all, is critical until the printed remedy ran', async (t) => {
  const opened = await openHost(t);
  const { host, look, codes } = opened;
  t.deepEqual(await look(), []);
  const key = host.certbot.lineage('shop').keyTarget();
  fs.chmodSync(key, 0o644);
  t.deepEqual(await codes(), [], "certbot's directories are closed");
  const { configDirectory } = host.certbot;
  const above = ['archive', 'archive/shop', 'live', 'live/shop', '.', '..'];
  for (const directory of above) fs.chmodSync(path.join(configDirectory, directory), 0o755);
  const [finding] = await look();
  t.is(finding?.code, 'key-exposed');
  t.is(finding?.evidence.file, fs.realpathSync(key));
  t.regex(finding?.cause ?? '', /every account on this host can read/);
  await run(t, opened, finding);
  t.deepEqual(await look(), []);
});

test("a test CA's chain is critical where its root is not named; an expired intermediate until it is replaced", async (t) => {
  const { host, look } = await openHost(t);
  const [finding] = await look([]);
  t.is(finding?.code, 'chain-untrusted');
  t.is(finding?.severity, 'critical');
  t.regex(finding?.cause ?? '', /pebble, an ACME test CA/);
  t.deepEqual(await look(), []);

  const years = {
    notBefore: new Date(Date.UTC(2020, 0, 1)),
    notAfter: new Date(Date.UTC(2049, 0, 1)),
    authority: true,
  };
  const root = await mint({ ...years, subject: [['CN', 'Own Root']] });
  const ended = new Date(Date.now() - 3_600_000);
  const old = await mint({ ...years, notAfter: ended, subject: [['CN', 'Own Middle']], issuer: root });
  const renewed = await mint({ ...years, key: old.key, subject: [['CN', 'Own Middle']], issuer: root });
  const leaf = await mint({ names: ['own.example.test'], issuer: old });
  const directory = host.sandbox.folder('own');
  const [certificate, key, rootFile] = ['own.pem', 'own.key', 'root.pem'].map((name) => path.join(directory, name)) as [
    string,
    string,
    string,
  ];
  fs.writeFileSync(certificate, leaf.pem + old.pem);
  fs.writeFileSync(key, leaf.keyPem, { mode: 0o600 });
  fs.writeFileSync(rootFile, root.pem + host.pebble.rootPem);
  host.nginx.writeSite(
    'own',
    site({ serverNames: ['own.example.test'], port: host.tlsPort, pairs: [{ certificate, key }] }),
  );
  t.is((await host.nginx.reload()).exit, 0);
  const untrusted = async () => (await look([rootFile])).filter(({ code }) => code !== 'unmanaged');
  const expired = await until('the chain is served', async () => (await untrusted())[0]);
  t.is(expired.code, 'chain-untrusted');
  t.is(expired.severity, 'critical');
  t.regex(expired.cause, /leads over CN=Own Middle, which ended at/);
  t.true(expired.remedy.startsWith(`Replace the issuer's certificate in ${certificate}`), expired.remedy);
  fs.writeFileSync(certificate, leaf.pem + renewed.pem);
  t.is((await host.nginx.reload()).exit, 0);
  await until('the mended chain is served', async () => (await untrusted()).length === 0);
});

test('a copy of the lineage goes stale with the next renewal, until the printed remedy ran', async (t) => {
  const opened = await openHost(t);
  const { host, look } = opened;
  const lineage = host.certbot.lineage('shop');
  const directory = host.sandbox.folder('copies');
  const [certificate, key] = ['shop.pem', 'shop.key'].map((name) => path.join(directory, name)) as [string, string];
  fs.copyFileSync(lineage.certificate, certificate);
  fs.copyFileSync(lineage.key, key);
  host.nginx.writeSite('shop', site({ serverNames: [shopName], port: host.tlsPort, pairs: [{ certificate, key }] }));
  t.is((await host.nginx.reload()).exit, 0);
  t.deepEqual(await look(), [], 'a copy of the newest');
  t.is((await host.certbot.renew('shop')).exit, 0);
  const [finding, ...more] = await look();
  t.deepEqual(more, []);
  t.is(finding?.code, 'stale-copy');
  t.regex(finding?.cause ?? '', /is a copy of version 1 of lineage shop, and no link to it/);
  t.true(finding?.cause.includes(lineage.certificate));
  await run(t, opened, finding);
  t.deepEqual(await look(), []);
  await until(
    'the newest is served',
    async () => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint === lineage.leaf(),
  );
});

test('a weak key, and a weak signature, in a lineage are told until the printed renewal ran', async (t) => {
  const opened = await openHost(t);
  const { host, look } = opened;
  const lineage = host.certbot.lineage('shop');
  const ca = path.join(host.sandbox.folder('weak'), 'ca');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    `${ca}.key`,
    '-out',
    `${ca}.pem`,
    '-subj',
    '/CN=Old CA',
  );
  for (const [code, kind, hash] of [
    ['weak-key', 'rsa:1024', '-sha256'],
    ['weak-signature', 'rsa:2048', '-sha1'],
  ] as const) {
    const key = lineage.keyTarget();
    openssl(
      'req',
      '-newkey',
      kind,
      '-nodes',
      '-keyout',
      key,
      '-out',
      `${ca}.csr`,
      '-subj',
      `/CN=${shopName}`,
      '-addext',
      `subjectAltName=DNS:${shopName}`,
    );
    const leaf = key.replace('privkey', 'cert');
    openssl(
      'x509',
      '-req',
      '-in',
      `${ca}.csr`,
      '-CA',
      `${ca}.pem`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      hash,
      '-copy_extensions',
      'copy',
      '-days',
      '90',
      '-out',
      leaf,
    );
    fs.writeFileSync(key.replace('privkey', 'fullchain'), fs.readFileSync(leaf));
    const findings = await look();
    t.deepEqual(
      findings.map(({ code, severity }) => `${severity} ${code}`),
      [`warning ${code}`],
    );
    t.regex(findings[0]?.cause ?? '', code === 'weak-key' ? /has the key RSA 1024/ : /sha1WithRSAEncryption: SHA-1/);
    await run(t, opened, findings[0]);
    t.deepEqual(await look(), []);
  }
});

test('a certificate that nobody renews is told until a lineage stands in its place; a failed run of certbot by its log', async (t) => {
  const { host, look, codes } = await openHost(t);
  const own = await mint({ names: ['www.example.test'] });
  const directory = host.sandbox.folder('by-hand');
  const [certificate, key] = ['www.pem', 'www.key'].map((name) => path.join(directory, name)) as [string, string];
  fs.writeFileSync(certificate, own.pem);
  fs.writeFileSync(key, own.keyPem, { mode: 0o600 });
  const write = (pair: { certificate: string; key: string }) =>
    host.nginx.writeSite('www', site({ serverNames: ['www.example.test'], port: host.tlsPort, pairs: [pair] }));
  write({ certificate, key });
  t.deepEqual(await codes(), ['notice unmanaged']);
  const [finding] = await look();
  t.deepEqual(finding?.subject, { kind: 'file', id: certificate });
  t.is(finding?.remedy, '/usr/bin/certbot --nginx -d www.example.test');
  await host.certbot.issue('www', ['www.example.test'], { keyType: 'ecdsa', webroot: host.nginx.webroot });
  write(host.certbot.lineage('www'));
  t.deepEqual(await codes(), []);

  const challenges = path.join(host.nginx.webroot, '.well-known');
  fs.rmSync(challenges, { recursive: true, force: true });
  fs.writeFileSync(challenges, 'no directory');
  t.not((await host.certbot.renew('shop')).exit, 0);
  const [failing, ...more] = await look();
  t.deepEqual(more, []);
  t.is(failing?.code, 'renewal-failing');
  t.deepEqual(failing?.subject, { kind: 'lineage', id: 'shop' });
  t.regex(failing?.cause ?? '', /certbot's own run at .* could not renew lineage shop: ./);
  fs.rmSync(challenges);
  t.is((await host.certbot.renew('shop')).exit, 0);
  t.deepEqual(await codes(), []);
});
