import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { loadConfig } from '../../agent/config.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { testDirectory } from '../helpers/directory.ts';

const machine = { hostName: 'web-1', isRoot: true, stateHome: '/home/x/.local/state' };

function load(t: Parameters<typeof testDirectory>[0], text: string) {
  const file = path.join(testDirectory(t), 'agent.toml');
  fs.writeFileSync(file, text);
  return { file, loaded: loadConfig(systemFiles(), file, machine) };
}

test('an empty file and no file give the defaults, which allow nothing', (t) => {
  const { loaded } = load(t, '');
  t.true(loaded.ok && loaded.value.mode === 'observe');
  t.true(loaded.ok && loaded.value.stateDirectory === '/var/lib/certherd-agent');
  t.true(loaded.ok && Object.isFrozen(loaded.value) && Object.isFrozen(loaded.value.nginx));
});

test('every field is read', (t) => {
  const { loaded } = load(
    t,
    `host_name = "a"\nstate_directory = "/s"\nmode = "renew"\nrescan_seconds = 5\nlog_level = "debug"\nlog_format = "json"\nprobe_timeout_seconds = 2\nextra_roots = ["/r.pem"]
[certbot]\nbinary = "/c"\nconfig_directory = "/cc"\nwork_directory = "/cw"\nlogs_directory = "/cl"\nca_bundle = "/ca"\ndeadline_seconds = 30\nrenewed_by = "ansible"
staging_server = "https://ca.test/dir"\nrehearsal_days = 0\nrenewal_information = false\nchallenge_port = 8080\nname_servers = ["192.0.2.53"]
[nginx]\nbinary = "/n"\nconfig = "/nc"\nprefix = "/np"\nerror_log = "/ne"\n[apache]\nconfig = "/a"\nbinary = "/ab"\n[haproxy]\nconfig = "/h"\nbinary = "/hb"\npid_file = "/hp"
[act]\nsocket = "/as"\n[probe]\nallow = ["*.Example.test:8443", "10.20.0.0/16"]\nreach = ["private"]\nname_servers = ["192.0.2.54"]\n[lineage."shop.example.org"]\nmode = "deploy"\n[lineage.other]
[[listener]]\naddress = "::1"\nport = 25\nstarttls = "smtp"\nserver_names = ["mail.example.test"]\ncertificate = "/m.pem"\nkey = "/m.key"\nproxy_protocol = true\nreload = "postfix reload"\n
[[listener]]\nport = 993\ncertificate = "/m.pem"\n`,
  );
  t.true(loaded.ok);
  if (!loaded.ok) return;
  const { path: _file, ...rest } = loaded.value;
  t.deepEqual(rest, {
    hostName: 'a',
    stateDirectory: '/s',
    mode: 'renew',
    rescanMs: 5000,
    probeTimeoutMs: 2000,
    findingDelayMs: 90_000,
    logLevel: 'debug',
    logFormat: 'json',
    extraRoots: ['/r.pem'],
    apache: { config: '/a', binary: '/ab' },
    haproxy: { config: '/h', binary: '/hb', pidFile: '/hp' },
    act: { socket: '/as' },
    probe: {
      allow: [
        { place: '*.example.test', port: 8443 },
        { place: '10.20.0.0/16', port: 443 },
      ],
      reach: ['private'],
      nameServers: ['192.0.2.54'],
    },
    lineages: new Map([
      ['shop.example.org', { mode: 'deploy' }],
      ['other', {}],
    ]),
    listeners: [
      {
        line: 43,
        address: '::1',
        port: 25,
        startTls: 'smtp',
        serverNames: ['mail.example.test'],
        certificate: '/m.pem',
        key: '/m.key',
        proxyProtocol: true,
        reload: 'postfix reload',
      },
      { line: 53, address: '127.0.0.1', port: 993, serverNames: [], certificate: '/m.pem', proxyProtocol: false },
    ],
    certbot: {
      binary: '/c',
      configDirectory: '/cc',
      workDirectory: '/cw',
      logsDirectory: '/cl',
      caBundle: '/ca',
      deadlineMs: 30_000,
      renewedBy: 'ansible',
      stagingServer: 'https://ca.test/dir',
      rehearsalMs: 0,
      renewalInformation: false,
      challengePort: 8080,
      nameServers: ['192.0.2.53'],
    },
    nginx: { binary: '/n', config: '/nc', prefix: '/np', errorLog: '/ne' },
  });
});

const mistakes: [title: string, text: string, expected: string[]][] = [
  [
    'a field of the wrong kind',
    '\nrescan_seconds = "soon"\n',
    [':2: rescan_seconds: expected seconds, from 1 to 86400, found "soon"'],
  ],
  [
    'a value that is not in the list',
    'mode = "rewen"\n',
    [':1: mode: expected one of "observe", "deploy", "renew", found "rewen"'],
  ],
  [
    'a place that may be looked at, and is none',
    '[probe]\nallow = ["https://shop.example.org"]\n',
    [
      ':2: probe.allow: expected names and addresses, with a port where it is not 443: "*.example.org", "shop.example.org:8443", "10.20.0.0/16", "[2001:db8::/32]:443", found "https://shop.example.org"',
    ],
  ],
  ['a field with a slip', '[nginx]\n\nconfg = "/x"\n', [':3: nginx.confg: unknown field; did you mean config?']],
  [
    'a relative path',
    '# x\n[nginx]\nconfig = "nginx.conf"\n',
    [':3: nginx.config: expected the absolute path of nginx.conf, found "nginx.conf"'],
  ],
  [
    "a slip in a lineage's table, whose name has dots",
    '[lineage."a.example.org"]\nmode = "renew"\n[lineage."b.example.org"]\n\nmod = 1\n',
    [':5: lineage.b.example.org.mod: unknown field; did you mean mode?'],
  ],
  [
    'a mode that is none in a lineage with a slash in its name',
    '[lineage."a"]\n[lineage."b/c~d.example"]\nmode = "x"\n',
    [':3: lineage.b/c~d.example.mode: expected one of "observe", "deploy", "renew", found "x"'],
  ],
  [
    'a mode for no lineage',
    '[lineage]\nmode = "renew"\n',
    [':2: lineage.mode: expected a table for each one: [lineage."shop.example.org"], found "renew"'],
  ],
  ['lineages that are no tables', 'lineage = 7\n', [':1: lineage: expected a table for each one: [lineage.']],
  ['a table that is not one', 'nginx = 3\n', [':1: nginx: expected a table: [nginx], found 3']],
  ['TOML that is not TOML', 'mode = \n', [':1: expected TOML (Invalid TOML document: ']],
  [
    'a listener without a certificate, and one of a protocol that is not known',
    '[[listener]]\nport = 1\n\n[[listener]]\nport = 2\nstarttls = "gopher"\ncertificate = "/c"\n',
    [
      ':1: listener.certificate: expected the absolute path of the certificate that is served here, found nothing',
      ':6: listener.starttls: expected one of "smtp", "imap", "pop3", "postgres", "ftp", "mysql", "ldap"; none where TLS begins with the first byte, found "gopher"',
    ],
  ],
  [
    'a field with a slip in the second listener',
    '[[listener]]\nport = 1\ncertificate = "/c"\n[[listener]]\nport = 2\ncertificate = "/c"\nstartls = "smtp"\n',
    [':7: listener.startls: unknown field; did you mean starttls?'],
  ],
  [
    'one listener as a plain table',
    '[listener]\nport = 1\n',
    [':1: listener: expected a table for each one: [[listener]], found {"port":1}'],
  ],
  [
    'a name that is none in a list',
    '[[listener]]\nport = 1\ncertificate = "/c"\nserver_names = ["a", 5]\n',
    [':4: listener.server_names: expected a name in quotes, found 5'],
  ],
  [
    'two mistakes',
    'mode = 1\nrescan_seconds = 0\n',
    [':1: mode: ', ':2: rescan_seconds: expected seconds, from 1 to 86400, found 0'],
  ],
];
for (const [title, text, expected] of mistakes) {
  test(`${title} is one line with file, line, field and what was expected`, (t) => {
    const { file, loaded } = load(t, text);
    t.false(loaded.ok);
    if (loaded.ok) return;
    t.is(loaded.failure.length, expected.length, loaded.failure.join('\n'));
    for (const [index, part] of expected.entries())
      t.true(loaded.failure[index]?.startsWith(`${file}${part}`), loaded.failure[index]);
  });
}

test('a config that is named and missing is an error, the default one that is missing is not', (t) => {
  const named = loadConfig(systemFiles(), '/nonexistent/agent.toml', machine);
  t.deepEqual(named, { ok: false, failure: ['/nonexistent/agent.toml: does not exist: check --config'] });
});

test('no text makes the reader throw', (t) => {
  const directory = testDirectory(t);
  const file = path.join(directory, 'agent.toml');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `${text} = ${text}`),
        fc.constant('__proto__ = 1'),
        fc.constant('[constructor.prototype]\nx = 1'),
      ),
      (text) => {
        fs.writeFileSync(file, text);
        const loaded = loadConfig(systemFiles(), file, machine);
        t.true(loaded.ok || loaded.failure.every((line) => line.startsWith(file) && !line.includes('\n')));
      },
    ),
  );
});
