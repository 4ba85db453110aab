import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { makeAuthority } from './testbed/authority.ts';
import { environmentOfSources } from './testbed/children.ts';
import { bootGuest, type Guest } from './testbed/guest.ts';
import { openSandbox } from './testbed/sandbox.ts';
import { until } from './testbed/until.ts';

/** A guest with nginx and certbot as its distribution packs them, an ACME CA, one site, and the units as they are shipped. */
export interface GuestHost {
  guest: Guest;
  /** Writes /etc/certherd/agent.toml; a running agent reads it when it starts again. */
  setMode: (mode: 'observe' | 'deploy' | 'renew') => void;
  /** The leaf that a client is shown at this port (443 unless told), SHA-256 of its DER in hexadecimal. */
  served: (port?: number) => Promise<string>;
  /** The leaf in live/shop. */
  issued: () => string;
  /** `certbot renew`, as its own timer would: nothing is reloaded. */
  renewByCertbot: () => Promise<void>;
  /** What `certherd-agent ARGS` prints to root. */
  agent: (...args: string[]) => Promise<{ exit: number | null; stdout: string; stderr: string }>;
}

const guestSite = 'shop.example.test';
const top = resolve(import.meta.dirname, '../..');
const seenAt = '/usr/lib/certherd';
const directory = 'https://localhost:14000/dir';

/**
 * Boots it, with the lineage `shop` issued for a life of `validitySeconds` and served. The units are there unless the agent is to be
 * installed by other means (then it has no Node either), and none is started. `bindings` as of `bootGuest`.
 */
export async function startGuestHost(
  t: Pick<ExecutionContext, 'teardown'>,
  name: string,
  options: { validitySeconds?: number; agent?: 'from-sources' | 'none'; bindings?: Record<string, string> } = {},
): Promise<GuestHost> {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const guest = await bootGuest(sandbox, name, {
    ...(options.agent !== 'none' && { [top]: seenAt, [process.execPath]: '/usr/bin/node' }),
    ...options.bindings,
    '/usr/bin/pebble': '/usr/bin/pebble',
    '/usr/bin/pebble-challtestsrv': '/usr/bin/pebble-challtestsrv',
  });
  t.teardown(() => guest.close());
  const authority = await makeAuthority(sandbox);
  const served = async (port = 443) => fingerprintOf(await guest.must('openssl', 's_client', ...clientOf(port)));
  const issued = () => fingerprintOf(guest.read('/etc/letsencrypt/live/shop/fullchain.pem'));
  const certbot = (...argv: string[]) =>
    guest.must('env', 'REQUESTS_CA_BUNDLE=/etc/pebble/ca.pem', '/usr/bin/certbot', '-n', ...argv);

  await startPebble(guest, authority, options.validitySeconds ?? 7200);
  await certbot(...issuing);
  guest.write('/etc/nginx/sites-enabled/shop', site);
  await guest.must('systemctl', 'reload', 'nginx');
  await until('the site is served', async () => (await served()) === issued());
  if (options.agent !== 'none') await installUnits(guest);
  const setMode = (mode: string) => guest.write('/etc/certherd/agent.toml', settings(mode));
  if (options.agent !== 'none') setMode('observe');
  return {
    guest,
    setMode,
    served,
    issued,
    renewByCertbot: async () =>
      void (await certbot('renew', '--cert-name', 'shop', '--force-renewal', '--no-random-sleep-on-renew')),
    agent: (...args) =>
      guest.run('/usr/bin/certherd-agent', args, options.agent === 'none' ? {} : { env: environmentOfSources(seenAt) }),
  };
}

const units = ['certherd-agent.service', 'certherd-act.socket', 'certherd-act@.service', 'certherd-collector.service'];

const clientOf = (port: number) => ['-connect', `127.0.0.1:${port}`, '-servername', guestSite];
const issuing = [
  ['certonly', '--agree-tos', '--register-unsafely-without-email', '--server', directory, '--key-type', 'ecdsa'],
  ['--cert-name', 'shop', '--webroot', '-w', '/var/www/html', '-d', guestSite],
].flat();

const site = `server {
  listen 443 ssl;
  listen [::]:443 ssl;
  server_name ${guestSite};
  ssl_certificate /etc/letsencrypt/live/shop/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/shop/privkey.pem;
  return 200 "shop\\n";
}
`;

function settings(mode: string): string {
  return `mode = "${mode}"
rescan_seconds = 60
finding_delay_seconds = 0
extra_roots = ["/etc/pebble/root.pem"]
[certbot]
ca_bundle = "/etc/pebble/ca.pem"
renewed_by = "the test"
`;
}

/** The units as they are shipped, and the sources in place of packages: what they start is in /usr/bin. */
async function installUnits(guest: Guest): Promise<void> {
  const shipped = (file: string) => readFileSync(resolve(top, 'deploy/systemd', file), 'utf8');
  for (const side of ['agent', 'collector'])
    await guest.must('ln', '-s', `${seenAt}/${side}/main.ts`, `/usr/bin/certherd-${side}`);
  guest.write('/usr/lib/sysusers.d/certherd-agent.conf', shipped('certherd-agent.sysusers.conf'));
  for (const unit of units) guest.write(`/usr/lib/systemd/system/${unit}`, shipped(unit));
  await guest.must('systemd-sysusers');
  await guest.must('systemctl', 'daemon-reload');
}

async function startPebble(
  guest: Guest,
  authority: { caFile: string; certificateFile: string; keyFile: string },
  validitySeconds: number,
): Promise<void> {
  guest.write('/etc/pebble/ca.pem', readFileSync(authority.caFile, 'utf8'));
  guest.write('/etc/pebble/cert.pem', readFileSync(authority.certificateFile, 'utf8'));
  guest.write('/etc/pebble/key.pem', readFileSync(authority.keyFile, 'utf8'), 0o600);
  const config = {
    listenAddress: '127.0.0.1:14000',
    managementListenAddress: '127.0.0.1:15000',
    certificate: '/etc/pebble/cert.pem',
    privateKey: '/etc/pebble/key.pem',
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    certificateValidityPeriod: validitySeconds,
  };
  guest.write('/etc/pebble/pebble.json', JSON.stringify({ pebble: config }));
  const off = ['http01', 'https01', 'tlsalpn01', 'defaultIPv6'].flatMap((server) => [`-${server}`, '']);
  const dns = ['-dns01', '127.0.0.1:8053', '-management', '127.0.0.1:8055', '-defaultIPv4', '127.0.0.1'];
  await guest.must('systemd-run', '--unit=dns', '/usr/bin/pebble-challtestsrv', ...off, ...dns);
  const environment = ['PEBBLE_VA_NOSLEEP=1', 'PEBBLE_WFE_NONCEREJECT=0', 'PEBBLE_AUTHZREUSE=0'];
  const argv = ['/usr/bin/pebble', '-config', '/etc/pebble/pebble.json', '-dnsserver', '127.0.0.1:8053'];
  await guest.must('systemd-run', '--unit=pebble', ...environment.flatMap((one) => ['--setenv', one]), ...argv);
  await until('pebble answers', () => guest.must('/usr/bin/python3', '-c', fetching, directory));
  const root = await guest.must('/usr/bin/python3', '-c', fetching, 'https://localhost:15000/roots/0');
  guest.write('/etc/pebble/root.pem', root);
}

const fetching = `
import ssl, sys, urllib.request
trusted = ssl.create_default_context(cafile="/etc/pebble/ca.pem")
print(urllib.request.urlopen(sys.argv[1], context=trusted, timeout=2).read().decode())
`;

function fingerprintOf(text: string): string {
  const [pem] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text) ?? [];
  if (pem === undefined) throw new Error(`no certificate in: ${text.slice(-500)}`);
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
