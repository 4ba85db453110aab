import { join } from 'node:path';
import type { Files } from '../ports.ts';

export type AcmeClientName = 'acme.sh' | 'lego' | 'dehydrated' | 'Caddy' | "nginx's ACME module" | 'cert-manager';

/** Another ACME client that keeps a certificate here, told by its own files. */
export interface AcmeClient {
  client: AcmeClientName;
  /** Its own file or directory, which tells of it. */
  evidence: string;
  /** Files that it writes, as it names them, copies that it installs included. */
  certificatePaths: string[];
}

/**
 * Looks where clients keep their state by default, for root and every home directory, under `root`; `directories`
 * (absolute, without `root`) are looked at as further homes and as lego's or dehydrated's own directories.
 */
export function observeAcmeClients(files: Files, root: string, directories: readonly string[]): AcmeClient[] {
  const homes = ['/root', ...namesIn(files, join(root, 'home')).map((name) => `/home/${name}`), ...directories];
  const look = (paths: readonly string[], find: (files: Files, root: string, path: string) => AcmeClient[]) =>
    paths.flatMap((path) => find(files, root, path));
  const shared = ['/var/lib/lego', '/etc/lego', '/opt/lego', ...directories];
  return [
    ...look([...homes.map((home) => `${home}/.acme.sh`), '/etc/acme.sh', '/opt/acme.sh', ...directories], acmeSh),
    ...look([...homes.map((home) => `${home}/.lego`), ...shared, ...shared.map((path) => `${path}/.lego`)], lego),
    ...look(
      ['/var/lib/dehydrated/certs', '/etc/dehydrated/certs', ...directories.map((path) => `${path}/certs`)],
      dehydrated,
    ),
    ...look(
      [
        '/var/lib/caddy/.local/share/caddy/certificates',
        ...homes.map((home) => `${home}/.local/share/caddy/certificates`),
        ...directories.map((path) => `${path}/caddy/certificates`),
      ],
      caddy,
    ),
  ];
}

/** The client that writes a deployment's certificate, by its path. */
export function clientOf(clients: readonly AcmeClient[], certificatePath: string): AcmeClientName | undefined {
  if (certificatePath.startsWith('$acme_certificate')) return "nginx's ACME module";
  // a CSI driver mounts what cert-manager issued
  if (/\/volumes\/kubernetes\.io~csi\//.test(certificatePath)) return 'cert-manager';
  return clients.find(({ certificatePaths }) => certificatePaths.includes(certificatePath))?.client;
}

/** DOMAIN[_ecc]/DOMAIN.conf with Le_Domain; Le_RealFullChainPath and Le_RealCertPath are where --install-cert copies to. */
function acmeSh(files: Files, root: string, home: string): AcmeClient[] {
  return namesIn(files, join(root, home)).flatMap((directory) => {
    const path = `${home}/${directory}`;
    const conf = `${path}/${directory.replace(/_ecc$/, '')}.conf`;
    const text = textOf(files, join(root, conf));
    const domain = shellValue(text, 'Le_Domain');
    if (domain === undefined) return [];
    const installed = ['Le_RealFullChainPath', 'Le_RealCertPath'].map((name) => shellValue(text, name) ?? '');
    const own = [`${path}/fullchain.cer`, `${path}/${domain}.cer`];
    const certificatePaths = [...own, ...installed.filter((one) => one !== '')];
    return [{ client: 'acme.sh' as const, evidence: conf, certificatePaths }];
  });
}

/** certificates/NAME.json stands beside NAME.crt. */
function lego(files: Files, root: string, home: string): AcmeClient[] {
  const directory = `${home}/certificates`;
  return namesIn(files, join(root, directory))
    .filter((name) => name.endsWith('.json'))
    .filter((name) => /"domain"\s*:/.test(textOf(files, join(root, directory, name))))
    .map((name) => {
      const stem = `${directory}/${name.slice(0, -'.json'.length)}`;
      const certificatePaths = [`${stem}.crt`, `${stem}.pem`];
      return { client: 'lego' as const, evidence: `${directory}/${name}`, certificatePaths };
    });
}

/** certs/DOMAIN/ with fullchain.pem as a link to fullchain-TIME.pem. */
function dehydrated(files: Files, root: string, directory: string): AcmeClient[] {
  return namesIn(files, join(root, directory)).flatMap((domain) => {
    const path = `${directory}/${domain}`;
    const names = namesIn(files, join(root, path));
    if (!names.some((name) => /^(?:fullchain|cert)-\d+\.pem$/.test(name))) return [];
    const certificatePaths = names.filter((name) => name.endsWith('.pem')).map((name) => `${path}/${name}`);
    return [{ client: 'dehydrated' as const, evidence: path, certificatePaths }];
  });
}

/** certificates/ISSUER/NAME/NAME.crt with NAME.json beside it (certmagic's layout). */
function caddy(files: Files, root: string, directory: string): AcmeClient[] {
  return namesIn(files, join(root, directory)).flatMap((issuer) =>
    namesIn(files, join(root, directory, issuer)).flatMap((name) => {
      const path = `${directory}/${issuer}/${name}`;
      const own = namesIn(files, join(root, path));
      if (!own.includes(`${name}.json`)) return [];
      return [
        { client: 'Caddy' as const, evidence: `${path}/${name}.json`, certificatePaths: [`${path}/${name}.crt`] },
      ];
    }),
  );
}

function shellValue(text: string, name: string): string | undefined {
  const [, value] = new RegExp(`^${name}=(['"]?)(.*)\\1$`, 'm').exec(text)?.slice(1) ?? [];
  return value;
}

function textOf(files: Files, path: string): string {
  const content = files.read(path);
  return content.ok ? new TextDecoder().decode(content.value.bytes) : '';
}

function namesIn(files: Files, directory: string): string[] {
  const names = files.list(directory);
  return names.ok ? names.value : [];
}
