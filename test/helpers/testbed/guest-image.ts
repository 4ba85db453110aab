import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plainEnvironment } from './children.ts';
import { takeFileLock } from './file-lock.ts';
import type { Sandbox } from './sandbox.ts';

/** What a guest has besides the distribution's smallest system: systemd, the servers, sudo as hooks use it, what Ansible asks for, and rpm. */
const packages = [
  ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'iproute2', 'procps', 'ca-certificates', 'libstdc++6'],
  ['nginx', 'certbot', 'python3-certbot-nginx', 'openssl', 'sudo', 'apache2', 'haproxy'],
  ['openssh-server', 'python3-apt', 'cron', 'rpm'],
].flat();
/** To be raised when what is done here changes in another way than by the packages. */
const recipeVersion = 1;

const store = resolve(import.meta.dirname, '../../../.cache/guests');
const buildMs = 900_000;

/**
 * A root directory of this machine's own distribution, built once by debootstrap and kept: its name holds the checksum of the
 * recipe. Tests that want it at the same time wait for the one that builds it; an image appears when it is whole.
 */
export async function guestImage(sandbox: Sandbox): Promise<string> {
  const source = await packageSource(sandbox);
  const recipe = JSON.stringify({ recipeVersion, packages, suite: source.suite });
  const image = join(store, `${source.suite}-${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`);
  if (existsSync(image)) return image;
  mkdirSync(store, { recursive: true });
  const lock = await takeFileLock(join(store, 'lock'));
  try {
    if (!existsSync(image)) await build(sandbox, image, source);
    return image;
  } finally {
    lock.release();
  }
}

interface PackageSource {
  suite: string;
  mirror: string;
  components: string[];
}

/** Where this machine's own packages come from, as apt itself tells. */
async function packageSource(sandbox: Sandbox): Promise<PackageSource> {
  const [, suite] = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const argv = ['indextargets', '--format', '$(SITE) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'];
  const listed = await sandbox.run('apt-get', argv);
  const targets = listed.stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, release]) => release === suite);
  const components = targets.flatMap(([, , component]) => component ?? []);
  const [[mirror] = []] = targets;
  if (suite === undefined || mirror === undefined)
    throw new Error(`apt names no source for ${suite}: ${listed.stdout}${listed.stderr}`);
  return { suite, mirror, components: [...new Set(components)].filter((name) => /^(?:main|universe)$/.test(name)) };
}

async function build(sandbox: Sandbox, image: string, { suite, mirror, components }: PackageSource): Promise<void> {
  for (const old of readdirSync(store)) if (old.endsWith('.new')) rmSync(join(store, old), { recursive: true });
  const root = `${image}.new`;
  const env = { ...plainEnvironment, DEBIAN_FRONTEND: 'noninteractive', ...(await proxyOfApt(sandbox)) };
  const apart = async (...argv: string[]) => {
    const ran = await sandbox.run('/usr/bin/unshare', [...namespaces, ...argv], { timeoutMs: buildMs, env });
    if (ran.exit !== 0)
      throw new Error(`${argv.join(' ')}: ${ran.exit ?? ran.signal}: ${ran.stderr}${ran.stdout.slice(-3000)}`);
  };
  await apart('debootstrap', '--variant=minbase', `--components=${components.join(',')}`, suite, root, mirror);
  // debootstrap itself does not resolve virtual packages, on which certbot's depend. Services of an image do not start.
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const within = [
    'chroot',
    root,
    'apt-get',
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    'Dpkg::Options::=--force-unsafe-io',
  ];
  await apart(...within, 'update');
  await apart(...within, 'install', '-y', '--no-install-recommends', ...packages);
  // Guests have nginx at port 80, and certbot renews when a test has it renew.
  await apart('chroot', root, 'systemctl', 'disable', 'apache2.service', 'haproxy.service', 'certbot.timer');
  for (const path of ['usr/sbin/policy-rc.d', 'var/cache/apt/archives', 'var/lib/apt/lists'])
    rmSync(join(root, path), { recursive: true });
  // Each guest gets an identity of its own at its boot (machine-id(5)).
  writeFileSync(join(root, 'etc/machine-id'), '');
  renameSync(root, image);
}

/** What is mounted or started for a build ends with it, however it ends. */
const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];

/** debootstrap knows of no apt settings: it fetches with wget, which reads the environment. */
async function proxyOfApt(sandbox: Sandbox): Promise<Record<string, string>> {
  const dumped = await sandbox.run('apt-config', ['dump', '--format', '%v%n', 'Acquire::http::Proxy']);
  const proxy = dumped.stdout.trim() || process.env['http_proxy'];
  return proxy && proxy !== 'DIRECT' ? { http_proxy: proxy } : {};
}
