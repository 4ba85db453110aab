import type { Mode, StartTls } from '@certherd/protocol/snapshot';
import type { Static } from 'typebox';
import { type AllowedPlace, allowedPlace } from './decide/probe-policy.ts';
import { readSettings } from './formats/toml-settings.ts';
import type { Files } from './ports.ts';
import { type ListedListener, Settings } from './settings.ts';

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
  /** 'auto': plain lines for the journal, coloured ones for a terminal, else JSON. */
  logFormat: 'auto' | 'json';
  /** PEM files of roots that are trusted here besides the system's. */
  extraRoots: readonly string[];
  certbot: {
    binary: string;
    configDirectory: string;
    workDirectory: string;
    logsDirectory: string;
    caBundle?: string;
    deadlineMs: number;
    /** An ACME directory for rehearsals; without one the CA is not asked. */
    stagingServer?: string;
    /** Each lineage's renewal is rehearsed this often; 0: never by itself. */
    rehearsalMs: number;
    /** Where what comes to port 80 of the names arrives on this host. */
    challengePort: number;
    /** Resolvers that rehearsals ask in place of the system's; empty: the system's. */
    nameServers: readonly string[];
    /** The CA is asked when it wants each certificate renewed (RFC 9773). */
    renewalInformation: boolean;
    /** Who renews this host's lineages, where it is neither certbot's timer nor the agent. */
    renewedBy?: string;
  };
  nginx: { binary: string; config: string; prefix?: string; errorLog?: string };
  /** Where their configs are, if not in the usual places. */
  apache: { config?: string; binary?: string };
  haproxy: { config?: string; binary?: string; pidFile?: string };
  /** Where systemd starts `act`, for an agent that is not root. */
  act: { socket: string };
  /** What a collector may have this host look at, from where it is: nothing, until it is named. */
  probe: {
    allow: readonly AllowedPlace[];
    /** Addresses besides public ones that may be connected to. */
    reach: readonly ('private' | 'loopback')[];
    /** Empty: the system's. */
    nameServers: readonly string[];
  };
  /** What is set for single lineages, by name. */
  lineages: ReadonlyMap<string, { mode?: Mode }>;
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
        content.failure.reason === 'not-found'
          ? `${file}: does not exist: check --config`
          : `${file}: cannot be read: ${content.failure.reason} (run as root, or name another file with --config)`,
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

/** What the local policy lets the agent do for one lineage. */
export function modeOf(config: Pick<Config, 'mode' | 'lineages'>, lineage: string): Mode {
  return config.lineages.get(lineage)?.mode ?? config.mode;
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
  const { certbot = {}, nginx = {}, apache = {}, haproxy = {}, act = {}, probe = {}, lineage = {} } = read;
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
    logFormat: read.log_format ?? 'auto',
    extraRoots: Object.freeze(read.extra_roots ?? []),
    certbot: Object.freeze({
      binary: certbot.binary ?? installedCertbot,
      configDirectory: certbot.config_directory ?? '/etc/letsencrypt',
      workDirectory: certbot.work_directory ?? '/var/lib/letsencrypt',
      logsDirectory: certbot.logs_directory ?? '/var/log/letsencrypt',
      deadlineMs: (certbot.deadline_seconds ?? 600) * 1000,
      rehearsalMs: (certbot.rehearsal_days ?? 7) * 86_400_000,
      challengePort: certbot.challenge_port ?? 80,
      nameServers: Object.freeze(certbot.name_servers ?? []),
      renewalInformation: certbot.renewal_information ?? true,
      ...(certbot.staging_server && { stagingServer: certbot.staging_server }),
      ...(certbot.ca_bundle && { caBundle: certbot.ca_bundle }),
      ...(certbot.renewed_by && { renewedBy: certbot.renewed_by }),
    }),
    apache: Object.freeze({
      ...(apache.config && { config: apache.config }),
      ...(apache.binary && { binary: apache.binary }),
    }),
    haproxy: Object.freeze({
      ...(haproxy.config && { config: haproxy.config }),
      ...(haproxy.binary && { binary: haproxy.binary }),
      ...(haproxy.pid_file && { pidFile: haproxy.pid_file }),
    }),
    act: Object.freeze({ socket: act.socket ?? '/run/certherd-agent/act.sock' }),
    probe: Object.freeze({
      allow: Object.freeze((probe.allow ?? []).map(allowedPlace)),
      reach: Object.freeze(probe.reach ?? []),
      nameServers: Object.freeze(probe.name_servers ?? []),
    }),
    lineages: new Map(Object.entries(lineage)),
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
