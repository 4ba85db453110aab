import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { formatAuthority, isLoopback, parseAuthority } from '../../collector/authority.ts';
import { loadConfig, parseConfig } from '../../collector/config.ts';
import { noTransparency } from '../../collector/config-transparency.ts';
import { noNotifying } from '../../collector/notify/settings.ts';
import { temporaryDirectory } from './helpers/real-collector.ts';

const user = { env: {}, home: '/home/ops', isRoot: false };
const file = '/etc/certherd/collector.toml';

function mistakes(text: string): string[] {
  const result = parseConfig(text, file, undefined, user);
  return result.ok ? [] : result.failure;
}

test('without a config everything has a value', (t) => {
  const result = parseConfig('', file, undefined, user);
  t.deepEqual(result, {
    ok: true,
    value: {
      notify: noNotifying,
      transparency: noTransparency,
      dataDirectory: '/home/ops/.local/state/certherd-collector',
      store: undefined,
      storePasswordFile: undefined,
      agentListen: { host: '0.0.0.0', port: 8443 },
      webListen: { host: '127.0.0.1', port: 8480 },
      web: {
        names: [],
        tls: undefined,
        proxies: [],
        signIn: false,
        anonymous: 'nothing',
        userHeader: undefined,
        oidc: undefined,
      },
      publicAddress: undefined,
      publicTrust: 'own-key',
      agentProxies: [],
      knownIssuers: undefined,
      heartbeatSeconds: 15,
      silentAfterSeconds: 60,
      historyDays: 730,
      historyMegabytes: undefined,
      scanAllow: [],
      scanNameServers: [],
      scanRoots: [],
      logLevel: 'info',
      logFormat: 'auto',
    },
  });
  t.true(result.ok && Object.isFrozen(result.value));
});

test('the data directory follows root, XDG_STATE_HOME, the file and --data', (t) => {
  const directory = (text: string, data: string | undefined, change: object) => {
    const result = parseConfig(text, file, data, { ...user, ...change });
    return result.ok && result.value.dataDirectory;
  };
  t.is(directory('', undefined, { isRoot: true }), '/var/lib/certherd-collector');
  t.is(directory('', undefined, { env: { XDG_STATE_HOME: '/state' } }), '/state/certherd-collector');
  t.is(directory('data_directory = "/data"', undefined, {}), '/data');
  t.is(directory('data_directory = "/data"', '/other', {}), '/other');
});

test('the page listens beyond loopback with TLS of its own, or behind a proxy that is named', (t) => {
  const beyond = 'web_listen = "0.0.0.0:443"\n';
  for (const way of [
    'web_tls = "own-key"',
    'web_certificate = "/a.pem"\nweb_key = "/a.key"',
    'web_proxies = ["192.0.2.1"]',
  ])
    t.deepEqual(mistakes(beyond + way), [], way);
  const proxies = parseConfig(
    'web_proxies = ["2001:DB8:0:0::1", "::ffff:192.0.2.1", "fe80::1%eth0"]',
    file,
    '/data',
    user,
  );
  t.deepEqual(proxies.ok && proxies.value.web.proxies, ['2001:db8::1', '192.0.2.1', 'fe80::1%eth0']);
  t.deepEqual(mistakes('web_certificate = "/a.pem"'), [
    `${file}:1: web_certificate: needs both web_certificate and web_key`,
  ]);
  t.deepEqual(mistakes('web_user_header = "X-Remote-User"'), [
    `${file}:1: web_user_header: is believed from a proxy alone: say which in web_proxies`,
  ]);
  for (const bad of [
    'web_names = ["*"]',
    'web_tls = true',
    'web_proxies = ["proxy.example"]',
    'web_anonymous = "all"',
    'web_user_header = "a b"',
    'web_key = "a.key"',
    'web_oidc_issuer = "http://id.example.org"',
    'web_oidc_client = "certherd"',
    'web_oidc_new_users = "root"',
  ])
    t.is(mistakes(bad).length, 1, bad);
});

test('every field is read', (t) => {
  const text = `
    store = "postgres://certherd@db.example/fleet?sslmode=verify-full"
    store_password_file = "/etc/certherd/password"
    agent_listen = "[::]:9443"
    web_listen = "localhost:0"
    web_names = ["Certherd.example.org"]
    web_certificate = "/etc/ssl/page.pem"
    web_key = "/etc/ssl/page.key"
    web_proxies = ["192.0.2.3"]
    web_sign_in = true
    web_anonymous = "wall"
    web_user_header = "X-Remote-User"
    web_oidc_issuer = "https://id.example.org"
    web_oidc_client = "certherd"
    web_oidc_secret_file = "/etc/certherd/oidc-secret"
    web_oidc_name = "email"
    web_oidc_new_users = "viewer"
    public_address = "collector.example:443"
    public_trust = "/etc/ssl/front.pem"
    agent_proxies = ["192.0.2.1", "2001:db8::1"]
    known_issuers = ["Let's Encrypt"]
    heartbeat_seconds = 5
    scan_allow = ["private"]
    scan_name_servers = ["192.0.2.53", "2001:db8::53", "[::1]:5353"]
    scan_roots = ["/etc/ssl/ours.pem"]
    log_level = "debug"
    log_format = "json"`;
  const result = parseConfig(text, file, '/data', user);
  t.deepEqual(result.ok && result.value, {
    notify: noNotifying,
    transparency: noTransparency,
    dataDirectory: '/data',
    store: 'postgres://certherd@db.example/fleet?sslmode=verify-full',
    storePasswordFile: '/etc/certherd/password',
    agentListen: { host: '::', port: 9443 },
    webListen: { host: 'localhost', port: 0 },
    web: {
      names: ['certherd.example.org'],
      tls: { certificate: '/etc/ssl/page.pem', key: '/etc/ssl/page.key' },
      proxies: ['192.0.2.3'],
      signIn: true,
      anonymous: 'wall',
      userHeader: 'x-remote-user',
      oidc: {
        issuer: 'https://id.example.org',
        client: 'certherd',
        secretFile: '/etc/certherd/oidc-secret',
        nameClaim: 'email',
        newRole: 'viewer',
      },
    },
    publicAddress: { host: 'collector.example', port: 443 },
    publicTrust: { certificate: '/etc/ssl/front.pem' },
    agentProxies: ['192.0.2.1', '2001:db8::1'],
    knownIssuers: ["Let's Encrypt"],
    heartbeatSeconds: 5,
    silentAfterSeconds: 30,
    historyDays: 730,
    historyMegabytes: undefined,
    scanAllow: ['private'],
    scanNameServers: ['192.0.2.53', '2001:db8::53', '[::1]:5353'],
    scanRoots: ['/etc/ssl/ours.pem'],
    logLevel: 'debug',
    logFormat: 'json',
  });
});

test('each mistake is one line with file, line, field, what was expected and what was found', (t) => {
  t.deepEqual(mistakes('# settings\n\nheartbeat_seconds = "often"\nagent_listen = 8443\n'), [
    `${file}:3: heartbeat_seconds: expected a number of seconds from 0.1 to 20, found "often"`,
    `${file}:4: agent_listen: expected ADDRESS:PORT, as "0.0.0.0:8443", found 8443`,
  ]);
  t.deepEqual(mistakes('web_listen = "0.0.0.0:8480"'), [
    `${file}:1: web_listen: beyond loopback passwords need TLS: set web_certificate and web_key, or web_tls = "own-key", or web_proxies where a proxy has it`,
  ]);
  for (const wrong of [
    'data_directory = "here"',
    'public_address = "x:0"',
    'log_level = "loud"',
    'agent_listen = "::1:80"',
    'agent_listen = "1.2.3.4:70000"',
    'scan_allow = ["never"]',
    'scan_allow = "private"',
    'scan_name_servers = ["ns.example"]',
    'scan_name_servers = ["192.0.2.53:0"]',
    'scan_roots = ["ours.pem"]',
  ])
    t.is(mistakes(wrong).length, 1, wrong);
});

test('a trust that is none and a proxy that is no address are mistakes', (t) => {
  t.deepEqual(mistakes('public_trust = "front.pem"\nagent_proxies = ["proxy.example"]\n'), [
    `${file}:1: public_trust: expected "own-key", "system-ca", or the absolute path of a certificate in PEM, found "front.pem"`,
    `${file}:2: agent_proxies: expected a list of IP addresses, as ["127.0.0.1"], found ["proxy.example"]`,
  ]);
});

test('an unknown field is a mistake, with what was probably meant', (t) => {
  t.deepEqual(mistakes('heartbeat_second = 15'), [
    `${file}:1: heartbeat_second: unknown field; did you mean heartbeat_seconds?`,
  ]);
  t.regex(mistakes('\n[agents]\nport = 1')[0] ?? '', /:2: agents: unknown field; known are data_directory, /);
  t.regex(mistakes('constructor = 1')[0] ?? '', /constructor: unknown field/);
  t.regex(mistakes('"__proto__" = 1')[0] ?? '', /collector\.toml:1: .*__proto__/);
});

test('a syntax error names its line', (t) => {
  t.regex(
    mistakes('log_level = "info"\nheartbeat_seconds = = 3')[0] ?? '',
    /^\/etc\/certherd\/collector\.toml:2: not valid TOML: /,
  );
});

test('a file that is named must be there; the default one need not', (t) => {
  const missing = join(temporaryDirectory(t), 'none.toml');
  const result = loadConfig({ file: missing }, user);
  t.deepEqual(result.ok ? [] : result.failure, [`${missing}: does not exist: check --config`]);
});

test('any text is a config or one line per mistake, never an exception', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      for (const line of mistakes(text)) t.true(line.startsWith(`${file}:`) && !line.includes('\n'), line);
    }),
  );
});

test('an authority is written as it is read', (t) => {
  for (const text of ['127.0.0.1:80', '[::1]:443', 'collector.example:8443']) {
    const read = parseAuthority(text);
    t.is(read && formatAuthority(read), text);
  }
  for (const text of ['', ':80', 'host', 'host:', '[::1]', '::1:80', 'a b:1', 'host:99999', '[1.2.3.4]:1'])
    t.is(parseAuthority(text), undefined, text);
});

test('loopback is told from what only looks like it', (t) => {
  for (const host of ['127.0.0.1', '127.255.0.9', '::1', 'localhost', 'a.localhost']) t.true(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '1270.0.0.1'])
    t.false(isLoopback(host), host);
});

test('a mistake in the address of the database does not repeat it, since a password may be in it', (t) => {
  for (const store of ['mysql://ann:hunter2@db.example/fleet', 'postgres://ann:hunter2@ db/fleet']) {
    const result = parseConfig(`store = "${store}"`, file, '/data', user);
    t.false(result.ok);
    t.notRegex(JSON.stringify(result), /hunter2/);
  }
});

test('a bound in megabytes is for a file: with PostgreSQL it is a mistake', (t) => {
  const result = parseConfig('store = "postgres://db/fleet"\nhistory_megabytes = 500', file, '/data', user);
  t.deepEqual(result.ok ? [] : result.failure, [
    `${file}:2: history_megabytes: not together with store: PostgreSQL keeps what is freed for itself; history_days counts`,
  ]);
});

const oneLog = `[[transparency.log]]\nurl = "https://mon.example.org/2026h2/"\nkey = "KEY"\n`;

test('logs are read with what is watched, and each mistake has its line', (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const whole = oneLog.replace('KEY', key);
  const read = parseConfig(
    `[transparency]\ndomains = ["Example.com"]\nfleet = false\nevery = "5m"\ngrace = "0s"\n${whole}`,
    file,
    undefined,
    user,
  );
  t.true(read.ok);
  const settings = read.ok ? read.value.transparency : noTransparency;
  t.like(settings, { domains: ['example.com'], fleet: false, everyMs: 300_000, graceMs: 0 });
  t.like(settings.logs[0], { url: 'https://mon.example.org/2026h2/', origin: 'mon.example.org/2026h2' });
  t.true(settings.logs[0]?.key.equals(publicKey));
  t.deepEqual(mistakes(`${whole}${whole}origin = "https://mon.example.org/"\n[transparency]\ndomans = []\n`), [
    `${file}:7: transparency.log.origin: expected the submission prefix of the log without https://, as "rome.ct.example.com/2024h1", found "https://mon.example.org/"`,
    `${file}:7: transparency.log.origin: there are two logs of this origin`,
    `${file}:9: transparency.domans: unknown field; did you mean domains?`,
  ]);
  t.deepEqual(mistakes(`[transparency]\ndomains = ["192.0.2.1"]\n${oneLog}`), [
    `${file}:2: transparency.domains: expected a list of domains, as ["example.com"]; all that is below them is watched too, found ["192.0.2.1"]`,
    `${file}:5: transparency.log.key: expected the public key of the log in base64 (ECDSA or RSA), as lists of logs have it, found "KEY"`,
  ]);
  t.deepEqual(mistakes('transparency = 7\n'), [`${file}:1: transparency: expected a table, [transparency]`]);
});
