import { join } from 'node:path';
import { plainName } from '../../formats/certbot-plugins.ts';
import type { RenewalConfig } from '../../formats/certbot-renewal.ts';
import { observeCertbotPlugins } from '../../observe/certbot-plugins.ts';
import { type Check, passed, type Rehearsed, untold, wouldFail } from './check.ts';

/** certbot would read the lineage and its renewal config. */
export const renewalConfig: Check = ({ lineage, settings, names }) => {
  const { failure, renewalConfig: file } = lineage;
  if (failure?.reason === 'permission-denied') return untold('config-broken', failure.detail);
  if (failure) return wouldFail('config-broken', failure.detail);
  if (!settings.authenticator) return wouldFail('config-broken', `${file} names no authenticator`);
  if (!settings.server) return wouldFail('config-broken', `${file} names no ACME server`);
  if (!settings.autorenew) return wouldFail('config-broken', `${file} says autorenew = False`);
  return names.length === 0 ? wouldFail('config-broken', 'the certificate has no names') : passed();
};

/** certbot is there, and so is the plugin that answers the challenges, and the one that installs. */
export const authenticator: Check = ({ settings, config, ports }) => {
  const { binary } = config.certbot;
  if (!ports.files.resolve(binary).ok) return wouldFail('program-absent', `${binary} does not exist`);
  const installed = observeCertbotPlugins(ports.files, binary);
  if (!installed) return passed(`not asked: the Python packages of ${binary} are in no place that is known`);
  const wanted = [settings.authenticator, settings.installer].flatMap((name) => (name ? [plainName(name)] : []));
  const absent = wanted.find((name) => !installed.has(name));
  return absent === undefined
    ? passed(`${wanted.join(' and ')} is installed`)
    : wouldFail('plugin-missing', `certbot has no plugin ${absent}`);
};

/** The account at the lineage's CA, with its key. */
export const account: Check = (rehearsed) => {
  const { settings, ports } = rehearsed;
  const directory = accountDirectory(rehearsed);
  if (!directory || !settings.server) return untold('config-broken', 'the renewal config names no ACME server');
  const found = settings.account ? [settings.account] : listed(rehearsed, directory);
  const [first] = found;
  if (first === undefined)
    return wouldFail('config-broken', `certbot has no account at ${settings.server}: ${directory}`);
  const missing = ['regr.json', 'private_key.json']
    .map((name) => join(directory, first, name))
    .find((file) => !ports.files.resolve(file).ok);
  return missing === undefined
    ? passed()
    : wouldFail('config-broken', `certbot's account at ${settings.server} is not whole: ${missing} does not exist`);
};

/** The address by which the CA knows the account, as CAA records may name it (RFC 8657). */
export function accountAddress(rehearsed: Rehearsed): string | undefined {
  const directory = accountDirectory(rehearsed);
  const { account: id } = rehearsed.settings;
  if (!directory || !id) return undefined;
  const content = rehearsed.ports.files.read(join(directory, id, 'regr.json'));
  if (!content.ok) return undefined;
  return /"uri":\s*"(https:\/\/[^"\s]{1,1000})"/.exec(new TextDecoder().decode(content.value.bytes))?.[1];
}

/**
 * Commands that certbot would run around a dry run too (only deploy hooks stay out of it). They may stop the server, so a
 * rehearsal does not set them off.
 */
export function hooksAround(rehearsed: Rehearsed): string[] {
  return [...hooksOf('pre', rehearsed), ...hooksOf('post', rehearsed)];
}

/** Commands that certbot runs before its challenges, or after: of the renewal config, of renewal-hooks/, and files that have one (cli.ini). */
export function hooksOf(kind: 'pre' | 'post', { settings, config, ports }: Rehearsed): string[] {
  const own = kind === 'pre' ? settings.preHook : settings.postHook;
  const directory = join(config.certbot.configDirectory, 'renewal-hooks', kind);
  const names = ports.files.list(directory);
  const inDirectory = names.ok ? names.value.map((name) => join(directory, name)).filter(isExecutable) : [];
  const everywhere = ['/etc/letsencrypt/cli.ini', '/root/.config/letsencrypt/cli.ini'].filter((file) => {
    const content = ports.files.read(file);
    return (
      content.ok && new RegExp(`^\\s*${kind}-hook\\s*[=:]`, 'm').test(new TextDecoder().decode(content.value.bytes))
    );
  });
  return [...(own === undefined ? [] : [own]), ...inDirectory, ...everywhere];

  function isExecutable(file: string): boolean {
    const content = ports.files.read(file);
    return content.ok && !file.endsWith('~') && (content.value.mode & 0o111) !== 0;
  }
}

/** accounts/HOST/PATH below certbot's config directory (configuration.py, server_path). */
function accountDirectory({
  settings,
  config,
}: { settings: RenewalConfig } & Pick<Rehearsed, 'config'>): string | undefined {
  if (!settings.server || !URL.canParse(settings.server)) return undefined;
  const { host, pathname } = new URL(settings.server);
  return join(config.certbot.configDirectory, 'accounts', host, pathname);
}

function listed({ ports }: Rehearsed, directory: string): string[] {
  const names = ports.files.list(directory);
  return names.ok ? names.value : [];
}
