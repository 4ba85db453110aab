import { Mode, StartTls } from '@certherd/protocol/snapshot';
import Type from 'typebox';

const closed = { additionalProperties: false };
const nameServers = Type.Optional(
  Type.Array(
    Type.String({
      pattern: '^(?:\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5})?|[\\da-fA-F:]+|\\[[\\da-fA-F:]+\\](?::\\d{1,5})?)$',
      maxLength: 64,
      description: 'IP addresses of resolvers, with a port where it is not 53: "192.0.2.53", "[2001:db8::53]:5353"',
    }),
    { maxItems: 8, description: 'a list of IP addresses of resolvers' },
  ),
);
const absolute = (what: string) =>
  Type.Optional(Type.String({ pattern: '^/', description: `the absolute path of ${what}` }));
const seconds = (least: number, most: number) =>
  Type.Optional(Type.Number({ minimum: least, maximum: most, description: `seconds, from ${least} to ${most}` }));

/** A listener of a server whose config is not read: a mail server, a database, a Java service. */
export const ListedListener = Type.Object(
  {
    address: Type.Optional(
      Type.String({ pattern: '^[0-9a-fA-F:.]{2,45}$', description: 'an IP address in quotes: "127.0.0.1"' }),
    ),
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port, from 1 to 65535' }),
    starttls: Type.Optional({
      ...StartTls,
      description:
        'one of "smtp", "imap", "pop3", "postgres", "ftp", "mysql", "ldap"; none where TLS begins with the first byte',
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
export const Settings = Type.Object(
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
    log_format: Type.Optional(Type.Enum(['auto', 'json'], { description: 'one of "auto", "json"' })),
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
          staging_server: Type.Optional(
            Type.String({
              pattern: '^https://[^\\s\\x00-\\x1f]+$',
              maxLength: 2048,
              description: 'the https:// address of an ACME directory that issues for rehearsals only',
            }),
          ),
          rehearsal_days: Type.Optional(
            Type.Number({ minimum: 0, maximum: 90, description: 'days, from 0 (never) to 90' }),
          ),
          challenge_port: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 65535, description: 'a port, from 1 to 65535' }),
          ),
          name_servers: nameServers,
          renewal_information: Type.Optional(Type.Boolean({ description: 'true or false' })),
          renewed_by: Type.Optional(
            Type.String({ minLength: 1, maxLength: 200, description: 'who else renews, in quotes: "ansible"' }),
          ),
        },
        { ...closed, description: 'a table: [certbot]' },
      ),
    ),
    lineage: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 255 }),
        Type.Object(
          { mode: Type.Optional({ ...Mode, description: 'one of "observe", "deploy", "renew"' } as typeof Mode) },
          { ...closed, description: 'a table for each one: [lineage."shop.example.org"]' },
        ),
        { description: 'a table for each one: [lineage."shop.example.org"]' },
      ),
    ),
    act: Type.Optional(
      Type.Object(
        { socket: absolute('the socket at which systemd starts certherd-act') },
        { ...closed, description: 'a table: [act]' },
      ),
    ),
    probe: Type.Optional(
      Type.Object(
        {
          allow: Type.Optional(
            Type.Array(
              Type.String({
                pattern:
                  '^(?:\\[[0-9a-fA-F:.]+(?:/\\d{1,3})?\\]|(?:\\*\\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\\d{1,3}(?:\\.\\d{1,3}){3}/\\d{1,2})(?::\\d{1,5})?$',
                maxLength: 270,
                description:
                  'names and addresses, with a port where it is not 443: "*.example.org", "shop.example.org:8443", "10.20.0.0/16", "[2001:db8::/32]:443"',
              }),
              { maxItems: 1000, description: 'a list of names and addresses that a collector may have looked at' },
            ),
          ),
          reach: Type.Optional(
            Type.Array(Type.Enum(['private', 'loopback'], { description: '"private" or "loopback"' }), {
              maxItems: 2,
              description: 'a list of "private" and "loopback"',
            }),
          ),
          name_servers: nameServers,
        },
        { ...closed, description: 'a table: [probe]' },
      ),
    ),
    apache: Type.Optional(
      Type.Object(
        { config: absolute('apache2.conf or httpd.conf'), binary: absolute('apache2 or httpd') },
        { ...closed, description: 'a table: [apache]' },
      ),
    ),
    haproxy: Type.Optional(
      Type.Object(
        { config: absolute('haproxy.cfg'), binary: absolute('haproxy'), pid_file: absolute("haproxy's pid file") },
        { ...closed, description: 'a table: [haproxy]' },
      ),
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
