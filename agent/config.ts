import { Mode, StartTls } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import { readSettings } from './formats/toml-settings.ts';
import type { Files } from './ports.ts';

const closed = { additionalProperties: false };
const absolute = (what: string) =>
  Type.Optional(Type.String({ pattern: '^/', description: `the absolute path of ${what}` }));
const seconds = (least: number, most: number) =>
  Type.Optional(Type.Number({ minimum: least, maximum: most, description: `seconds, from ${least} to ${most}` }));

/** A listener of a server whose config is not read: a mail server, a database, a Java service. */
const ListedListener = Type.Object(
  {
    address: Type.Optional(
      Type.String({ pattern: '^[0-9a-fA-F:.]{2,45}$', description: 'an IP address in quotes: "127.0.0.1"' }),
    ),
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port, from 1 to 65535' }),
    starttls: Type.Optional({
      ...StartTls,
      description: 'one of "smtp", "imap", "pop3", "postgres"; none where TLS begins with the first byte',
    } as typeof StartTls),
    server_names: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253, description: 'a name in quotes' }), {
        maxItems: 100,
        description: 'a list of the names that clients ask for: ["mail.example.org"]',
      }),
    ),
    certificate: Type.String({
      pattern: '^/',
      description: 'the absolute path of the certificate that is served here',
    }),
    key: absolute('its private key'),
    proxy_protocol: Type.Optional(Type.Boolean({ description: 'true or false' })),
    reload: Type.Optional(
      Type.String({
        pattern: '^[^\\x00-\\x1f]+$',
        maxLength: 1000,
        description: 'the command that a person types to bring a new certificate into service, in quotes',
      }),
    ),
  },
  { ...closed, description: 'a table: [[listener]]' },
);

/** /etc/certherd/agent.toml, every field optional. It is also the local policy: nothing is allowed until it allows it. */
const Settings = Type.Object(
  {
    host_name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 253, description: 'the name of this host, in quotes' }),
    ),
    state_directory: absolute("the agent's state directory"),
    mode: Type.Optional({ ...Mode, description: 'one of "observe", "deploy", "renew"' } as typeof Mode),
    rescan_seconds: seconds(1, 86_400),
    probe_timeout_seconds: seconds(1, 60),
    finding_delay_seconds: seconds(0, 3600),
    log_level: Type.Optional(
      Type.Enum(['debug', 'info', 'warn', 'error'], { description: 'one of "debug", "info", "warn", "error"' }),
    ),
    extra_roots: Type.Optional(
      Type.Array(Type.String({ pattern: '^/', description: 'an absolute path in quotes' }), {
        maxItems: 100,
        description: 'a list of absolute paths of PEM files: ["/etc/ssl/our-root.pem"]',
      }),
    ),
    certbot: Type.Optional(
      Type.Object(
        {
          binary: absolute('certbot'),
          config_directory: absolute("certbot's --config-dir"),
          work_directory: absolute("certbot's --work-dir"),
          logs_directory: absolute("certbot's --logs-dir"),
          ca_bundle: absolute('a PEM file with the roots that the ACME directory is trusted by'),
          deadline_seconds: seconds(10, 3600),
          renewed_by: Type.Optional(
            Type.String({ minLength: 1, maxLength: 200, description: 'who else renews, in quotes: "ansible"' }),
          ),
        },
        { ...closed, description: 'a table: [certbot]' },
      ),
    ),
    apache: Type.Optional(
      Type.Object({ config: absolute('apache2.conf or httpd.conf') }, { ...closed, description: 'a table: [apache]' }),
    ),
    haproxy: Type.Optional(
      Type.Object({ config: absolute('haproxy.cfg') }, { ...closed, description: 'a table: [haproxy]' }),
    ),
    listener: Type.Optional(
      Type.Array(ListedListener, {
        maxItems: 100,
        description: 'a table for each one: [[listener]]',
      }),
    ),
    nginx: Type.Optional(
      Type.Object(
        {
          binary: absolute('nginx'),
          config: absolute('nginx.conf'),
          prefix: absolute("nginx's prefix (its -p)"),
          error_log: absolute("nginx's first error log (its -e)"),
        },
        { ...closed, description: 'a table: [nginx]' },
      ),
    ),
  },
  closed,
);

/** A listener that the settings name, since nobody reads the config of the server that answers there. */
export interface ConfiguredListener {
  /** Line of its table in the settings. */
  line: number;
  address: string;
  port: number;
  startTls?: StartTls;
  /** Empty: it is asked without a name. */
  serverNames: readonly string[];
  certificate: string;
  key?: string;
  proxyProtocol: boolean;
  /** What a person types to bring a new certificate into service there. It is printed, never run. */
  reload?: string;
}

/** The agent's settings with every default filled in; durations in milliseconds. */
export interface Config {
  /** The file it came from, if one was read. */
  path?: string;
  hostName: string;
  stateDirectory: string;
  mode: Mode;
  rescanMs: number;
  probeTimeoutMs: number;
  /** The longest that a finding waits, before it is told, for a renewal that may be under way. */
  findingDelayMs: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** PEM files of roots that are trusted here besides the system's. */
  extraRoots: readonly string[];
  certbot: {
    binary: string;
    configDirectory: string;
    workDirectory: string;
    logsDirectory: string;
    caBundle?: string;
    deadlineMs: number;
    /** Who renews this host's lineages, where it is neither certbot's timer nor the agent. */
    renewedBy?: string;
  };
  nginx: { binary: string; config: string; prefix?: string; errorLog?: string };
  /** Where their configs are, if not in the usual places. */
  apache: { config?: string };
  haproxy: { config?: string };
  listeners: readonly ConfiguredListener[];
}

const defaultConfigPath = '/etc/certherd/agent.toml';

/**
 * Reads the settings: those at `path`, else the default file, else the defaults alone (a host before any set-up).
 * The failure is one line per mistake: FILE:LINE: field: expected …, found … (or: unknown field; …).
 */
export function loadConfig(
  files: Files,
  path: string | undefined,
  machine: { hostName: string; isRoot: boolean; stateHome: string },
): { ok: true; value: Config } | { ok: false; failure: string[] } {
  const file = path ?? defaultConfigPath;
  const content = files.read(file);
  if (!content.ok) {
    if (!path && content.failure.reason === 'not-found')
      return { ok: true, value: settled({}, machine, () => 1, undefined, certbotIn(files)) };
    return {
      ok: false,
      failure: [
        `${file}: cannot be read: ${content.failure.reason}${path ? '' : ' (run as root, or name another file with --config)'}`,
      ],
    };
  }
  const read = readSettings(new TextDecoder().decode(content.value.bytes), Settings);
  if (!read.ok) {
    return {
      ok: false,
      failure: read.failure.map(
        ({ line, field, problem }) => `${file}:${line}: ${field ? `${field}: ` : ''}${problem}`,
      ),
    };
  }
  return { ok: true, value: settled(read.value, machine, read.lineOf, file, certbotIn(files)) };
}

/** The settings of a host without a file. */
export function defaultConfig(machine: { hostName: string; isRoot: boolean; stateHome: string }): Config {
  return settled({}, machine, () => 1);
}

/** Where packages, pip's usual link and snap put certbot, in this order; the package's place where it is in none. */
function certbotIn(files: Pick<Files, 'resolve'>): string {
  const places = ['/usr/bin/certbot', '/usr/local/bin/certbot', '/snap/bin/certbot'];
  return places.find((place) => files.resolve(place).ok) ?? '/usr/bin/certbot';
}

function settled(
  read: Static<typeof Settings>,
  machine: { hostName: string; isRoot: boolean; stateHome: string },
  lineOf: (path: readonly string[]) => number,
  path?: string,
  installedCertbot = '/usr/bin/certbot',
): Config {
  const { certbot = {}, nginx = {}, apache = {}, haproxy = {} } = read;
  return Object.freeze({
    ...(path && { path }),
    hostName: read.host_name ?? machine.hostName,
    stateDirectory:
      read.state_directory ?? (machine.isRoot ? '/var/lib/certherd-agent' : `${machine.stateHome}/certherd-agent`),
    mode: read.mode ?? 'observe',
    rescanMs: (read.rescan_seconds ?? 300) * 1000,
    probeTimeoutMs: (read.probe_timeout_seconds ?? 5) * 1000,
    findingDelayMs: (read.finding_delay_seconds ?? 90) * 1000,
    logLevel: read.log_level ?? 'info',
    extraRoots: Object.freeze(read.extra_roots ?? []),
    certbot: Object.freeze({
      binary: certbot.binary ?? installedCertbot,
      configDirectory: certbot.config_directory ?? '/etc/letsencrypt',
      workDirectory: certbot.work_directory ?? '/var/lib/letsencrypt',
      logsDirectory: certbot.logs_directory ?? '/var/log/letsencrypt',
      deadlineMs: (certbot.deadline_seconds ?? 600) * 1000,
      ...(certbot.ca_bundle && { caBundle: certbot.ca_bundle }),
      ...(certbot.renewed_by && { renewedBy: certbot.renewed_by }),
    }),
    apache: Object.freeze({ ...(apache.config && { config: apache.config }) }),
    haproxy: Object.freeze({ ...(haproxy.config && { config: haproxy.config }) }),
    listeners: Object.freeze(
      (read.listener ?? []).map((table, index) => listed(table, lineOf(['listener', String(index)]))),
    ),
    nginx: Object.freeze({
      binary: nginx.binary ?? '/usr/sbin/nginx',
      config: nginx.config ?? '/etc/nginx/nginx.conf',
      ...(nginx.prefix && { prefix: nginx.prefix }),
      ...(nginx.error_log && { errorLog: nginx.error_log }),
    }),
  });
}

function listed(table: Static<typeof ListedListener>, line: number): ConfiguredListener {
  const { address = '127.0.0.1', port, starttls, server_names = [], certificate, key, proxy_protocol, reload } = table;
  return Object.freeze({
    line,
    address,
    port,
    ...(starttls && { startTls: starttls }),
    serverNames: Object.freeze(server_names),
    certificate,
    ...(key && { key }),
    proxyProtocol: proxy_protocol ?? false,
    ...(reload && { reload }),
  });
}
