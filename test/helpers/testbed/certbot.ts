import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnvironment, type Ran } from './children.ts';
import type { Pebble } from './pebble.ts';
import type { Sandbox } from './sandbox.ts';

export interface IssueOptions {
  keyType: 'rsa' | 'ecdsa';
  webroot: string;
  /** Another pebble than the one given to certbot(). */
  pebble?: Pebble;
}

export interface Certbot {
  binary: string;
  configDirectory: string;
  workDirectory: string;
  logsDirectory: string;
  /** REQUESTS_CA_BUNDLE and what else it needs, for whoever runs certbot here. */
  environment: Record<string, string>;
  issue: (name: string, identifiers: string[], options: IssueOptions) => Promise<Ran>;
  /** `certbot renew --cert-name NAME`, due or not. Nothing is reloaded: no hook is installed. */
  renew: (name: string) => Promise<Ran>;
  lineage: (name: string) => LineageFiles;
}

/** Where a lineage's files are, and what its live leaf is now. */
export interface LineageFiles {
  certificate: string;
  key: string;
  renewalConfig: string;
  archive: string;
  /** SHA-256 of the DER of the first certificate in live/NAME/fullchain.pem, lower-case hexadecimal. */
  leaf: () => string;
  /** The numbered file that live/NAME/privkey.pem leads to. */
  keyTarget: () => string;
}

/** Debian's certbot with its directories inside the sandbox, talking to pebble. */
export function certbot(sandbox: Sandbox, pebble: Pebble): Certbot {
  const configDirectory = sandbox.folder('letsencrypt');
  const workDirectory = sandbox.folder('letsencrypt-work');
  const logsDirectory = sandbox.folder('letsencrypt-logs');
  const environment = { ...plainEnvironment, HOME: sandbox.directory, REQUESTS_CA_BUNDLE: pebble.caFile };
  const binary = '/usr/bin/certbot';
  const places = ['--config-dir', configDirectory, '--work-dir', workDirectory, '--logs-dir', logsDirectory];
  const run = (argv: string[]) => sandbox.run(binary, [...argv, '-n', ...places], { env: environment });
  const live = (name: string, file: string) => join(configDirectory, 'live', name, file);

  return {
    binary,
    configDirectory,
    workDirectory,
    logsDirectory,
    environment,
    issue: (name, identifiers, options) =>
      run(
        [
          ['certonly', '--agree-tos', '--register-unsafely-without-email', '--cert-name', name],
          ['--server', (options.pebble ?? pebble).directoryUrl, '--key-type', options.keyType],
          options.keyType === 'rsa' ? ['--rsa-key-size', '2048'] : [],
          ['--webroot', '-w', options.webroot],
          identifiers.flatMap((identifier) => ['-d', identifier]),
        ].flat(),
      ),
    // certbot 4 renews at a share of the life, older ones 30 days before its end: --force-renewal is the same in all.
    renew: (name) => run(['renew', '--cert-name', name, '--force-renewal', '--no-random-sleep-on-renew']),
    lineage: (name) => ({
      certificate: live(name, 'fullchain.pem'),
      key: live(name, 'privkey.pem'),
      renewalConfig: join(configDirectory, 'renewal', `${name}.conf`),
      archive: join(configDirectory, 'archive', name),
      leaf: () => fingerprintOf(live(name, 'fullchain.pem')),
      keyTarget: () => realpathSync(live(name, 'privkey.pem')),
    }),
  };
}

function fingerprintOf(pemFile: string): string {
  if (!existsSync(pemFile)) throw new Error(`${pemFile} is not there`);
  return createHash('sha256')
    .update(new X509Certificate(readFileSync(pemFile)).raw)
    .digest('hex');
}
