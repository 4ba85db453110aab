import type { Config } from '../config.ts';
import { addressAndPort } from '../observe/endpoints/place.ts';

/** certbot's renewal of one lineage: the very argv that `act` runs and that remedies print. */
export function certbotRenewal({ certbot }: Config, lineage: string): string[] {
  return [
    certbot.binary,
    'renew',
    '--cert-name',
    lineage,
    '--force-renewal',
    '--no-random-sleep-on-renew',
    '--non-interactive',
    '--config-dir',
    certbot.configDirectory,
    '--work-dir',
    certbot.workDirectory,
    '--logs-dir',
    certbot.logsDirectory,
  ];
}

/** The same against another CA, with nothing written: certbot forgets what it was issued. */
export function certbotRehearsal(config: Config, lineage: string): string[] {
  const { stagingServer = '' } = config.certbot;
  return certbotRenewal(config, lineage).flatMap((word) =>
    word === '--force-renewal' ? ['--dry-run', '--server', stagingServer] : [word],
  );
}

/**
 * The least that has certbot undo a move of live links that was cut short: it does so before it lists a lineage. It issues
 * and asks nothing.
 */
export function certbotRecovery(config: Config, lineage: string): string[] {
  const [binary = '', , ...options] = certbotRenewal(config, lineage);
  const onlyRenewals = ['--force-renewal', '--no-random-sleep-on-renew'];
  return [binary, 'certificates', ...options.filter((word) => !onlyRenewals.includes(word))];
}

/** Options for a certbot command that a person types: only the directories that are not certbot's own defaults. */
export function certbotPlaces({ certbot }: Config): string[] {
  const places: [string, string, string][] = [
    ['--config-dir', certbot.configDirectory, '/etc/letsencrypt'],
    ['--work-dir', certbot.workDirectory, '/var/lib/letsencrypt'],
    ['--logs-dir', certbot.logsDirectory, '/var/log/letsencrypt'],
  ];
  return places.flatMap(([option, directory, usual]) => (directory === usual ? [] : [option, directory]));
}

export function nginxTest(config: Config): string[] {
  return [...nginxBase(config), '-t'];
}

export function nginxReload(config: Config): string[] {
  return [...nginxBase(config), '-s', 'reload'];
}

export function nginxStart(config: Config): string[] {
  return config.nginx.prefix ? nginxBase(config) : ['systemctl', 'start', 'nginx'];
}

function nginxBase({ nginx }: Config): string[] {
  return [
    nginx.binary,
    ...(nginx.prefix ? ['-p', nginx.prefix] : []),
    '-c',
    nginx.config,
    ...(nginx.errorLog ? ['-e', nginx.errorLog] : []),
  ];
}

/** Apache's judgement of a config; its certificates are read at a start or reload only. */
export function apacheTest(binary: string, configFile: string): string[] {
  return [...apacheBase(binary, configFile), '-t'];
}

export function apacheGraceful(binary: string, configFile: string): string[] {
  return [...apacheBase(binary, configFile), '-k', 'graceful'];
}

/** Debian's and Red Hat's own ServerRoot is built in; another config is read from the directory that it stands in. */
function apacheBase(binary: string, configFile: string): string[] {
  const directory = configFile.slice(0, configFile.lastIndexOf('/')).replace(/\/conf$/, '');
  return [binary, '-d', directory, '-f', configFile];
}

/** HAProxy's judgement of a config with all that it loads. */
export function haproxyTest(binary: string, configFile: string): string[] {
  return [binary, '-c', '-f', configFile];
}

export function systemctl(verb: 'reload' | 'reload-or-restart', unit: string): string[] {
  return ['/usr/bin/systemctl', verb, unit];
}

/** A person's own look at one endpoint, as the agent asks it. */
export function tlsClient({
  address,
  port,
  serverName,
  askedName = serverName,
  startTls,
}: {
  address: string;
  port: number;
  serverName: string;
  askedName?: string;
  startTls?: string;
}): string[] {
  return [
    'openssl',
    's_client',
    ...(startTls ? ['-starttls', startTls] : []),
    ...(port === 0 ? ['-unix', address.replace(/^unix:/, '')] : ['-connect', addressAndPort({ address, port })]),
    ...(askedName === '' || askedName === '_' ? ['-noservername'] : ['-servername', askedName]),
  ];
}

/** certbot (Python requests) takes extra roots from REQUESTS_CA_BUNDLE. */
export function certbotEnvironment({ certbot }: Config): Record<string, string> {
  return certbot.caBundle ? { REQUESTS_CA_BUNDLE: certbot.caBundle } : {};
}

/** A command as a person would type it: words quoted where a shell would touch them. */
export function typed(argv: string[], environment: Record<string, string> = {}): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [...(settings.length > 0 ? ['env', ...settings] : []), ...argv].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_\-.,:/=@%+]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command of certherd-agent for a person to type, with --config where the settings are not where it looks by itself. */
export function ownCommand(words: readonly string[], { path }: Pick<Config, 'path'>): string {
  const isUsual = path === undefined || path === '/etc/certherd/agent.toml';
  return typed(['certherd-agent', ...words, ...(isUsual ? [] : ['--config', path])]);
}
