import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Snapshot } from '@certherd/protocol/snapshot';
import test, { type ExecutionContext } from 'ava';
import { Value } from 'typebox/value';
import { fillHostileTree } from '../helpers/hostile-tree.ts';
import { mintChain } from '../helpers/mint.ts';
import { site, startNginx } from '../helpers/testbed/nginx.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
const name = 'healthy.example.test';

/** Controls (line breaks of the output itself aside), bidi, and what is drawn as nothing. */
const raw = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A running nginx with one healthy site of a certbot lineage; its config then gains all that is hostile, and is not reloaded. */
async function hostileHost(t: ExecutionContext) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const letsencrypt = sandbox.folder('letsencrypt');
  const { leaf, root, fullchain, chain } = await mintChain({ names: [name] });
  const paths = Object.fromEntries(
    Object.entries({ cert: leaf.pem, privkey: leaf.keyPem, chain, fullchain }).map(([kind, text]) => {
      fs.writeFileSync(path.join(sandbox.folder('letsencrypt/archive/healthy'), `${kind}1.pem`), text, { mode: 0o640 });
      const link = path.join(sandbox.folder('letsencrypt/live/healthy'), `${kind}.pem`);
      fs.symlinkSync(`../../archive/healthy/${kind}1.pem`, link);
      return [kind, link];
    }),
  );
  const settings = Object.entries(paths).map(([kind, link]) => `${kind} = ${link}\n`);
  fs.writeFileSync(
    path.join(sandbox.folder('letsencrypt/renewal'), 'healthy.conf'),
    `version = 2.1.0\narchive_dir = ${letsencrypt}/archive/healthy\n${settings.join('')}[renewalparams]\nauthenticator = webroot\nserver = https://ca.test/dir\n`,
  );
  const httpPort = await sandbox.port();
  const tlsPort = await sandbox.port();
  const pairs = [{ certificate: paths.fullchain ?? '', key: paths.privkey ?? '' }];
  const healthy = site({ serverNames: [name], port: tlsPort, pairs });
  const nginx = await startNginx(sandbox, { httpPort, sites: { healthy } });

  const sites = path.join(nginx.prefix, 'sites');
  const hostile = await fillHostileTree({ directory: sandbox.folder('hostile'), letsencrypt, sites, port: tlsPort });
  fs.writeFileSync(path.join(sandbox.directory, 'root.pem'), root.pem);
  const config = path.join(sandbox.directory, 'agent.toml');
  fs.writeFileSync(
    config,
    `state_directory = "${sandbox.directory}/state"
extra_roots = ["${sandbox.directory}/root.pem"]
[certbot]
config_directory = "${letsencrypt}"
renewed_by = "the test"
[nginx]
config = "${nginx.configFile}"
prefix = "${nginx.prefix}"
error_log = "${nginx.errorLog}"
[apache]
config = "/nonexistent/apache2.conf"
[haproxy]
config = "/nonexistent/haproxy.cfg"
`,
  );
  fs.chmodSync(sandbox.directory, 0o755);
  return { sandbox, config, hostile, nginx, leaf, certificatePath: paths.fullchain ?? '' };
}

/** As this user, or as an ordinary one. */
async function run(args: string[], user?: number): Promise<{ exit: number; stdout: string; stderr: string }> {
  const identity = user === undefined ? {} : { uid: user, gid: user };
  const child = spawn(process.execPath, [program, ...args], {
    ...identity,
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: Buffer[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out?.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err?.push(chunk));
  const [exit] = await once(child, 'close');
  return {
    exit: Number(exit),
    stdout: Buffer.concat(out ?? []).toString(),
    stderr: Buffer.concat(err ?? []).toString(),
  };
}

interface Report extends Omit<Snapshot, 'files'> {
  files: (Omit<Snapshot['files'][number], 'fingerprints'> & { certificates: { fingerprint: string }[] })[];
}

/** `check --json` as the snapshot that it was made of. */
function snapshotOf({ stdout }: { stdout: string }): Snapshot {
  const report: Report = JSON.parse(stdout);
  const files = report.files.map(({ certificates, ...file }) => ({
    ...file,
    fingerprints: certificates.map(({ fingerprint }) => fingerprint),
  }));
  return Value.Clean(Snapshot, { ...report, files }) as Snapshot;
}

test('a host full of hostile files is told in full, and the healthy site beside them is judged right', async (t) => {
  const { config, hostile, leaf, certificatePath } = await hostileHost(t);
  const fingerprint = leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase();
  const json = await run(['check', '--json', '--config', config]);
  t.is(json.stderr, '');
  t.is(json.exit, 2);
  t.notRegex(json.stdout, raw);
  const snapshot = snapshotOf(json);
  t.deepEqual([...Value.Errors(Snapshot, snapshot)].slice(0, 3), []);

  // each hostile file is a certificate or a failure
  const seen = new Map(snapshot.files.map((file) => [file.path, file]));
  for (const [title, at] of hostile.certificates) {
    const file = seen.get(at);
    t.true(file !== undefined && (file.fingerprints.length > 0 || file.failure !== undefined), title);
  }
  const reason = (title: string) => seen.get(hostile.certificates.get(title) ?? '')?.failure?.reason;
  t.is(reason('a pipe'), 'not-a-regular-file');
  t.is(reason('2 GB'), 'too-large');
  t.is(reason('a link to a device'), 'not-a-regular-file');
  t.is(reason('a link to itself'), 'link-broken');
  t.is(reason('a path with NUL'), 'not-found');
  t.is(reason('half written'), 'malformed');
  t.is(reason('101 certificates'), 'too-many-certificates');
  t.is(reason('ML-DSA-65'), undefined);
  const unreadable = snapshot.findings
    .filter(({ code }) => code === 'file-unreadable')
    .map(({ subject }) => subject.id);
  t.true(unreadable.includes(hostile.certificates.get('DER') ?? ''), 'no server reads DER');

  const endpoint = snapshot.endpoints.find((each) => each.serverName === name && each.algorithm === 'ecdsa');
  t.like(endpoint, { issued: fingerprint, configured: fingerprint, served: fingerprint });
  t.like(
    snapshot.deployments.find((each) => each.certificatePath === certificatePath),
    { configured: fingerprint, lineage: 'healthy', keyMatches: true },
  );
  t.deepEqual(
    snapshot.findings
      .filter(({ subject }) => subject.id.includes(name) || subject.id.includes('healthy'))
      .map(({ code, cause }) => [code, cause]),
    [],
  );

  for (const more of [[], ['--findings-only'], ['--no-probe']]) {
    const shown = await run(['check', ...more, '--config', config]);
    t.is(shown.stderr, '');
    t.is(shown.exit, 2);
    t.notRegex(shown.stdout, raw);
  }
});

test('an ordinary user is told the same without a crash', async (t) => {
  const { config } = await hostileHost(t);
  const ordinary = process.getuid?.() === 0 ? 65_534 : undefined;
  const json = await run(['check', '--json', '--config', config], ordinary);
  t.is(json.stderr, '');
  t.is(json.exit, 2);
  t.notRegex(json.stdout, raw);
  const snapshot = snapshotOf(json);
  t.deepEqual([...Value.Errors(Snapshot, snapshot)].slice(0, 3), []);
  t.true(snapshot.endpoints.some((each) => each.serverName === name && each.served !== undefined));
});

test('inspect prints nothing raw of any hostile file, and never fails but by its exit code', async (t) => {
  const { hostile } = await hostileHost(t);
  const paths = [...hostile.certificates.values()].filter((at) => !at.includes('\0'));
  for (const more of [[], ['--json']]) {
    const { stdout, stderr, exit } = await run(['inspect', ...more, ...paths]);
    t.is(exit, 1);
    t.notRegex(stdout, raw);
    t.notRegex(stderr, raw);
    t.notRegex(stderr, /^\s+at /m);
    if (more.length > 0) t.is((JSON.parse(stdout) as { files: unknown[] }).files.length, paths.length);
  }
});
