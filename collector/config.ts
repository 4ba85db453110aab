import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isIP } from 'node:net';
import type { Result } from '@certherd/protocol/failure';
import { parse, TomlError } from 'smol-toml';
import { isNameServer, parseAuthority, type Authority } from './authority.ts';
import { codeOf } from './failure.ts';
import { readTransparency, type TransparencySettings } from './config-transparency.ts';
import { type WebFields, webMistakes, webReaders, wholeOidc, type WebSettings } from './config-web.ts';
import { lineOfKey, nearestName, shortened, shown } from './config-text.ts';
import { readNotify } from './notify/read-settings.ts';
import type { NotifySettings } from './notify/settings.ts';
import { mistakenAt } from './notify/toml-table.ts';
import type { LogLevel } from './system/log.ts';

/** What the collector is told. Frozen; every field has a value. */
export interface Config {
  dataDirectory: string;
  /** postgres:// URL of a database that several collectors may share; undefined: SQLite, in the data directory. */
  store: string | undefined;
  /** A file whose first line is the password for it. */
  storePasswordFile: string | undefined;
  agentListen: Authority;
  webListen: Authority;
  web: WebSettings;
  /** What agents are told to connect to; without it, this machine's name and the port of agentListen. */
  publicAddress: Authority | undefined;
  /** What a join string has agents trust there: our own key, their systems' roots, or the key of a certificate in this PEM file. */
  publicTrust: PublicTrust;
  /** Addresses of reverse proxies before the agents' listener: many agents come from each. */
  agentProxies: readonly string[];
  /** Organisations (the O of an issuer's name) that issue here: what another one issued is a finding. undefined: anybody may. */
  knownIssuers: readonly string[] | undefined;
  heartbeatSeconds: number;
  silentAfterSeconds: number;
  historyDays: number;
  /** Of the whole database; undefined: no bound. */
  historyMegabytes: number | undefined;
  /** Where scans and targets may ask besides public addresses. */
  scanAllow: readonly ('private' | 'loopback')[];
  /** Resolvers that they ask, "ADDRESS" or "ADDRESS:PORT"; none: the system's. */
  scanNameServers: readonly string[];
  /** PEM files with roots that they trust beside the system's. */
  scanRoots: readonly string[];
  logLevel: LogLevel;
  /** 'auto': plain lines for the journal, coloured ones for a terminal, else JSON. */
  logFormat: 'auto' | 'json';
  /** Who is told what, and how. */
  notify: NotifySettings;
  /** Which logs of certificates are read. */
  transparency: TransparencySettings;
}

export type PublicTrust = 'own-key' | 'system-ca' | { certificate: string };

/** Where defaults come from: a parameter, so that reading a config depends on nothing else. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  isRoot: boolean;
}

export interface ConfigRequest {
  /** A file that must exist; without it /etc/certherd/collector.toml is read if it is there. */
  file?: string | undefined;
  /** Takes the place of data_directory. */
  dataDirectory?: string | undefined;
}

const defaultConfigFile = '/etc/certherd/collector.toml';

/** Reads the file. The failure holds one line per mistake: `FILE:LINE: field: what was expected, what was found`. */
export function loadConfig(request: ConfigRequest, surroundings: Surroundings): Result<Config, string[]> {
  const file = request.file ?? defaultConfigFile;
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error) || 'unknown error';
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    if (request.file !== undefined || code !== 'ENOENT')
      return { ok: false, failure: [`${file}: ${why}: check --config`] };
  }
  return parseConfig(text, file, request.dataDirectory, surroundings);
}

/** The same from text; `file` only names it in mistakes. */
export function parseConfig(
  text: string,
  file: string,
  dataDirectory: string | undefined,
  surroundings: Surroundings,
): Result<Config, string[]> {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? 'not TOML';
    return { ok: false, failure: [`${file}:${error.line}: not valid TOML: ${reason}`] };
  }
  const mistakes: { line: number; text: string }[] = [];
  const mistaken = (key: string, what: string): void => {
    const line = lineOfKey(text, key);
    mistakes.push({ line, text: `${file}:${line}: ${shortened(key)}: ${what}` });
  };
  for (const key of Object.keys(table)) {
    const known = [...Object.keys(readers), 'notify', 'transparency'];
    if (!known.includes(key)) {
      const near = nearestName(key, known);
      const hint = near ? `did you mean ${near}?` : `known are ${known.join(', ')}`;
      mistaken(key, `unknown field; ${hint}`);
    }
  }
  const field = <K extends keyof Fields, D>(key: K, fallback: D): Fields[K] | D => {
    if (!Object.hasOwn(table, key)) return fallback;
    const { expected, read } = readers[key];
    const value = read(table[key]);
    if (value !== undefined) return value;
    // A URL may have a password in it.
    mistaken(key, `expected ${expected}${key === 'store' ? '' : `, found ${shown(table[key])}`}`);
    return fallback;
  };
  const heartbeatSeconds = field('heartbeat_seconds', 15);
  const certificate = field('web_certificate', undefined);
  const key = field('web_key', undefined);
  const ownKey = field('web_tls', undefined);
  const oidc = {
    issuer: field('web_oidc_issuer', undefined),
    client: field('web_oidc_client', undefined),
    secretFile: field('web_oidc_secret_file', undefined),
    nameClaim: field('web_oidc_name', 'preferred_username'),
    newRole: field('web_oidc_new_users', undefined),
  };
  const config: Config = {
    dataDirectory: dataDirectory ?? field('data_directory', defaultDataDirectory(surroundings)),
    store: field('store', undefined),
    storePasswordFile: field('store_password_file', undefined),
    agentListen: field('agent_listen', { host: '0.0.0.0', port: 8443 }),
    webListen: field('web_listen', { host: '127.0.0.1', port: 8480 }),
    web: {
      names: field('web_names', []),
      tls: certificate !== undefined && key !== undefined ? { certificate, key } : ownKey,
      proxies: field('web_proxies', []),
      signIn: field('web_sign_in', false),
      anonymous: field('web_anonymous', 'nothing'),
      userHeader: field('web_user_header', undefined),
      oidc: wholeOidc(oidc),
    },
    publicAddress: field('public_address', undefined),
    publicTrust: field('public_trust', 'own-key'),
    agentProxies: field('agent_proxies', []),
    knownIssuers: field('known_issuers', undefined),
    heartbeatSeconds,
    silentAfterSeconds: field('silent_after_seconds', 3 * heartbeatSeconds + 15),
    historyDays: field('history_days', 730),
    historyMegabytes: field('history_megabytes', undefined),
    scanAllow: field('scan_allow', []),
    scanNameServers: field('scan_name_servers', []),
    scanRoots: field('scan_roots', []),
    logLevel: field('log_level', 'info'),
    logFormat: field('log_format', 'auto'),
    notify: readNotify(table['notify'], mistakenAt(text, file, mistakes)),
    transparency: readTransparency(table['transparency'], mistakenAt(text, file, mistakes)),
  };
  if (config.store !== undefined && config.historyMegabytes !== undefined)
    mistaken(
      'history_megabytes',
      'not together with store: PostgreSQL keeps what is freed for itself; history_days counts',
    );
  for (const [name, what] of webMistakes(config.webListen, config.web, { certificate, key, oidc }))
    mistaken(name, what);
  if (mistakes.length === 0) return { ok: true, value: Object.freeze(config) };
  return { ok: false, failure: mistakes.sort((a, b) => a.line - b.line).map((mistake) => mistake.text) };
}

/** The file's fields. */
interface Fields extends WebFields {
  data_directory: string;
  store: string;
  store_password_file: string;
  agent_listen: Authority;
  web_listen: Authority;
  public_address: Authority;
  public_trust: PublicTrust;
  agent_proxies: readonly string[];
  known_issuers: readonly string[];
  heartbeat_seconds: number;
  silent_after_seconds: number;
  history_days: number;
  history_megabytes: number;
  scan_allow: Config['scanAllow'];
  scan_name_servers: readonly string[];
  scan_roots: readonly string[];
  log_level: LogLevel;
  log_format: Config['logFormat'];
}

/** Per field: what is expected, in words, and how it is read; undefined is a mistake. */
const readers: { [K in keyof Fields]: { expected: string; read: (value: unknown) => Fields[K] | undefined } } = {
  data_directory: {
    expected: 'an absolute path',
    read: (value) => (typeof value === 'string' && isAbsolute(value) ? value : undefined),
  },
  store: {
    expected: 'the URL of a PostgreSQL database, as "postgres://certherd@db.example/certherd"',
    read: (value) => (typeof value === 'string' && isPostgresUrl(value) ? value : undefined),
  },
  store_password_file: {
    expected: 'an absolute path',
    read: (value) => (typeof value === 'string' && isAbsolute(value) ? value : undefined),
  },
  agent_listen: { expected: 'ADDRESS:PORT, as "0.0.0.0:8443"', read: listenAddress },
  web_listen: { expected: 'ADDRESS:PORT, as "127.0.0.1:8480"', read: listenAddress },
  ...webReaders,
  public_address: {
    expected: 'HOST:PORT, as "collector.example:8443"',
    read(value) {
      const address = typeof value === 'string' ? parseAuthority(value) : undefined;
      return address && address.port > 0 ? address : undefined;
    },
  },
  public_trust: {
    expected: '"own-key", "system-ca", or the absolute path of a certificate in PEM',
    read: (value) => (typeof value === 'string' ? readPublicTrust(value) : undefined),
  },
  agent_proxies: {
    expected: 'a list of IP addresses, as ["127.0.0.1"]',
    read: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string' && isIP(one) !== 0) ? value : undefined,
  },
  known_issuers: {
    expected: `a list of organisations as issuers are named, as ["Let's Encrypt"]`,
    read: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '') ? value : undefined,
  },
  // Both ends promise to notice a half-open connection within 60 s, which is three missed heartbeats.
  heartbeat_seconds: { expected: 'a number of seconds from 0.1 to 20', read: (value) => within(value, 0.1, 20) },
  silent_after_seconds: {
    expected: 'a number of seconds from 0.5 to 86400',
    read: (value) => within(value, 0.5, 86_400),
  },
  history_days: { expected: 'a number of days from 30 to 36500', read: (value) => within(value, 30, 36_500) },
  history_megabytes: {
    expected: 'a number of megabytes from 100 to 10000000',
    read: (value) => within(value, 100, 10_000_000),
  },
  scan_allow: {
    expected: 'a list of "private" and "loopback"',
    read: (value) => listOf(value, (one): one is 'private' | 'loopback' => one === 'private' || one === 'loopback'),
  },
  scan_name_servers: {
    expected: 'a list of resolvers, as ["192.0.2.53"] or ["127.0.0.1:5353"]',
    read: (value) => listOf(value, isNameServer),
  },
  scan_roots: {
    expected: 'a list of absolute paths of PEM files',
    read: (value) => listOf(value, (one): one is string => typeof one === 'string' && isAbsolute(one)),
  },
  log_level: {
    expected: '"debug", "info", "warn" or "error"',
    read: (value) => (['debug', 'info', 'warn', 'error'] as const).find((level) => level === value),
  },
  log_format: {
    expected: '"auto" or "json"',
    read: (value) => (['auto', 'json'] as const).find((format) => format === value),
  },
};

/** "own-key", "system-ca" or an absolute path. */
export function readPublicTrust(text: string): PublicTrust | undefined {
  if (text === 'own-key' || text === 'system-ca') return text;
  return isAbsolute(text) ? { certificate: text } : undefined;
}

/** postgres:// or postgresql://, as libpq has it (34.1.1.2). */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);
}

function listOf<T>(value: unknown, is: (one: unknown) => one is T): T[] | undefined {
  return Array.isArray(value) && value.every(is) ? value : undefined;
}

function listenAddress(value: unknown): Authority | undefined {
  const address = typeof value === 'string' ? parseAuthority(value) : undefined;
  return address && (isIP(address.host) !== 0 || address.host === 'localhost') ? address : undefined;
}

function within(value: unknown, low: number, high: number): number | undefined {
  return typeof value === 'number' && value >= low && value <= high ? value : undefined;
}

function defaultDataDirectory({ env, home, isRoot }: Surroundings): string {
  if (isRoot) return '/var/lib/certherd-collector';
  const state = env['XDG_STATE_HOME'];
  return join(state && isAbsolute(state) ? state : join(home, '.local/state'), 'certherd-collector');
}
