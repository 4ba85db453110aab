import { Mode } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import { readSettings } from './formats/toml-settings.ts';
import type { Files } from './ports.ts';

const closed = { additionalProperties: false };
const absolute = (what: string) =>
  Type.Optional(Type.String({ pattern: '^/', description: `the absolute path of ${what}` }));
const seconds = (least: number, most: number) =>
  Type.Optional(Type.Number({ minimum: least, maximum: most, description: `seconds, from ${least} to ${most}` }));

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

/** The agent's settings with every default filled in; durations in milliseconds. */
export interface Config {
  /** The file it came from, if one was read. */
  path?: string;
  hostName: string;
  stateDirectory: string;
  mode: Mode;
  rescanMs: number;
  probeTimeoutMs: number;
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
    if (!path && content.failure.reason === 'not-found') return { ok: true, value: settled({}, machine) };
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
  return { ok: true, value: settled(read.value, machine, file) };
}

function settled(
  read: Static<typeof Settings>,
  machine: { hostName: string; isRoot: boolean; stateHome: string },
  path?: string,
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
    logLevel: read.log_level ?? 'info',
    extraRoots: Object.freeze(read.extra_roots ?? []),
    certbot: Object.freeze({
      binary: certbot.binary ?? '/usr/bin/certbot',
      configDirectory: certbot.config_directory ?? '/etc/letsencrypt',
      workDirectory: certbot.work_directory ?? '/var/lib/letsencrypt',
      logsDirectory: certbot.logs_directory ?? '/var/log/letsencrypt',
      deadlineMs: (certbot.deadline_seconds ?? 600) * 1000,
      ...(certbot.ca_bundle && { caBundle: certbot.ca_bundle }),
      ...(certbot.renewed_by && { renewedBy: certbot.renewed_by }),
    }),
    apache: Object.freeze({ ...(apache.config && { config: apache.config }) }),
    haproxy: Object.freeze({ ...(haproxy.config && { config: haproxy.config }) }),
    nginx: Object.freeze({
      binary: nginx.binary ?? '/usr/sbin/nginx',
      config: nginx.config ?? '/etc/nginx/nginx.conf',
      ...(nginx.prefix && { prefix: nginx.prefix }),
      ...(nginx.error_log && { errorLog: nginx.error_log }),
    }),
  });
}
