import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { addToken, startTestCollector } from '../collector/helpers/real-collector.ts';
import { consultation } from '../helpers/doctor.ts';
import { agentProgram, follow } from '../helpers/scenario.ts';
import { startHost, type TestHost } from '../helpers/host.ts';
import { plainEnvironment } from '../helpers/testbed/children.ts';
import { until } from '../helpers/testbed/until.ts';
import { formatJoin } from '@certherd/protocol/join';
import Database from 'better-sqlite3';

/** Runs its other arguments on a terminal of so many columns, and gives what they wrote there. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
  fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
  os.execv(sys.argv[2], sys.argv[2:])
while True:
  try:
    part = os.read(terminal, 65536)
  except OSError:
    break
  if not part:
    break
  sys.stdout.buffer.write(part)
os.waitpid(pid, 0)
`;

/** Mounts an empty file system with the options of its first argument at the second, and runs the others there. */
const onMount = `
import os, subprocess, sys
subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", sys.argv[1], "tmpfs", sys.argv[2]], check=True)
os.execv(sys.argv[3], sys.argv[3:])
`;
const unshared = ['/usr/bin/unshare', '-m', '--propagation', 'private', '/usr/bin/python3', '-c', onMount];

/** One host for all: each test brings one state about, and mends it again. */
let host: TestHost;
let end = () => Promise.resolve();

test.before(async (t) => {
  const teardowns: (() => unknown)[] = [];
  host = await startHost({ teardown: (work) => void teardowns.push(work) });
  end = async () => {
    for (const work of teardowns.reverse()) await work();
  };
  t.pass();
});
test.after.always(() => end());

const consult = async (env: Record<string, string> = {}) =>
  consultation(await ranDoctor(['doctor', '--json', '--config', host.configFile], env));

function ranDoctor(args: string[], env: Record<string, string> = {}, before: string[] = []) {
  const [program = '', ...argv] = [...before, process.execPath, agentProgram, ...args];
  return host.sandbox.run(program, argv, { env: { ...plainEnvironment, HOME: '/nonexistent', ...env } });
}

const state = () => path.join(host.sandbox.directory, 'state');

/** The daemon, once it has looked. */
async function running(t: ExecutionContext) {
  const daemon = host.daemon();
  t.teardown(() => daemon.end());
  const read = () => JSON.parse(fs.readFileSync(path.join(state(), 'status.json'), 'utf8'));
  await until('the daemon has looked', () => read().pid === daemon.pid && read().lookedAt !== undefined);
  return daemon;
}

test.serial('on a host where all is well nothing is wrong, and every part is told', async (t) => {
  const told = await consult();
  t.deepEqual(
    told.checks.filter(({ verdict }) => verdict === 'wrong'),
    [],
  );
  for (const check of [
    'settings-file',
    'certbot',
    'certbot-ca',
    'certbot-renewer',
    'nginx-config',
    'nginx-test',
    'clock',
    'glibc',
  ])
    t.is(told.of(check).verdict, 'ok', check);
  t.regex(told.of('certbot').says, /version \d+\.\d+.* keeps 1 lineage$/);
  t.regex(told.of('clock').says, /^agrees with localhost within 30 s$/);
  t.is(told.exit, told.checks.some(({ verdict }) => verdict === 'not-told') ? 3 : 0);
});

test.serial('a look changes nothing: neither the state directory nor any file of the host', async (t) => {
  const before = fs.existsSync(state());
  await consult();
  t.is(fs.existsSync(state()), before);
});

test.serial('a mistake in the settings is told with its line, and all the rest is told as well', async (t) => {
  const settings = fs.readFileSync(host.configFile, 'utf8');
  fs.writeFileSync(host.configFile, settings.replace('rescan_seconds = 60', 'rescan_secs = 60'));
  const told = await consult();
  fs.writeFileSync(host.configFile, settings);
  t.is(told.exit, 1);
  t.regex(told.wrong('settings-mistake').says, /agent\.toml:4: rescan_secs: /);
  t.regex(told.wrong('settings-mistake').fix, /^Correct line 4 of \/.*agent\.toml; /);
  t.truthy(told.of('glibc'));
  t.is((await consult()).of('settings-file').verdict, 'ok');
});

test.serial('settings that others can write are told, and the printed command closes them', async (t) => {
  fs.chmodSync(host.configFile, 0o666);
  fs.chownSync(host.configFile, 65534, 65534);
  const { fix, says } = (await consult()).wrong('settings-owner');
  t.regex(says, /uid 65534, its mode 666/);
  await follow(t, { sandbox: host.sandbox, agent: host.agent }, fix);
  t.is((await consult()).of('settings-file').verdict, 'ok');
});

test.serial(
  'a state directory that is open, or somebody else\u2019s, is told, and the printed commands mend it',
  async (t) => {
    fs.mkdirSync(state(), { recursive: true });
    fs.writeFileSync(path.join(state(), 'agent-key.pem'), '', { mode: 0o644 });
    fs.chmodSync(state(), 0o755);
    fs.chownSync(state(), 65534, 65534);
    const told = await consult();
    for (const check of ['state-owner', 'state-mode', 'state-key'])
      await follow(t, { sandbox: host.sandbox, agent: host.agent }, told.wrong(check).fix);
    t.is((await consult()).of('state-directory').verdict, 'ok');
    fs.rmSync(state(), { recursive: true });
  },
);

test.serial('a full file system is told', async (t) => {
  fs.mkdirSync(state(), { recursive: true });
  const apart = [...unshared, 'size=1m,mode=700', state()];
  const told = consultation(await ranDoctor(['doctor', '--json', '--config', host.configFile], {}, apart));
  t.is(told.exit, 1);
  t.regex(told.wrong('state-space').says, /^1 MiB are free for .*\/state, and the agent needs up to 32 MiB$/);
  t.regex(told.wrong('state-space').fix, /state_directory in agent\.toml/);
});

test.serial('a file system that is read-only is told', async (t) => {
  fs.mkdirSync(state(), { recursive: true });
  const apart = [...unshared, 'ro,mode=700', state()];
  const told = consultation(await ranDoctor(['doctor', '--json', '--config', host.configFile], {}, apart));
  t.regex(told.wrong('state-writable').says, /EROFS/);
});

test.serial('a daemon that stopped is told; one that runs with other settings or another version, too', async (t) => {
  const daemon = await running(t);
  const well = await consult();
  t.is(well.of('daemon').verdict, 'ok');
  t.is(well.of('daemon-version').verdict, 'ok');
  host.setMode('deploy');
  const { fix } = (await consult()).wrong('daemon-settings');
  host.setMode('observe');
  t.true(fix.includes(`kill ${daemon.pid}`) && fix.includes(`certherd-agent run --config ${host.configFile}`), fix);
  const file = path.join(state(), 'status.json');
  const status = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, status.replace(/"agentVersion":"[^"]+"/, '"agentVersion":"0.0.1"'));
  t.regex((await consult()).wrong('daemon-version').says, /^it is version 0\.0\.1, and this program is /);
  fs.writeFileSync(file, status.replace(/"lookedAt":"[^"]+"/, '"lookedAt":"2026-01-01T00:00:00.000Z"'));
  t.regex((await consult()).wrong('daemon-look').says, /^it has not looked for \d+ d/);
  await daemon.end();
  t.regex((await consult()).wrong('daemon').says, /^the daemon does not run, and did /);
});

test.serial(
  'a certbot that is gone, and a plugin that is not installed, are told with what installs them',
  async (t) => {
    const settings = fs.readFileSync(host.configFile, 'utf8');
    fs.writeFileSync(host.configFile, settings.replace(/binary = ".*certbot"/, 'binary = "/nonexistent/certbot"'));
    const gone = (await consult()).wrong('certbot');
    fs.writeFileSync(host.configFile, settings);
    t.is(gone.says, "/nonexistent/certbot is not there, and certbot's lineages are");
    t.regex(gone.fix, /apt-get install certbot/);
    const renewal = path.join(host.certbot.configDirectory, 'renewal/shop.conf');
    const conf = fs.readFileSync(renewal, 'utf8');
    fs.writeFileSync(renewal, conf.replace('authenticator = webroot', 'authenticator = dns-route53'));
    const plugin = (await consult()).wrong('certbot-plugin');
    fs.writeFileSync(renewal, conf);
    t.is(plugin.fix, 'apt-get install python3-certbot-dns-route53');
  },
);

test.serial('that nobody would renew is told as check tells it', async (t) => {
  const settings = fs.readFileSync(host.configFile, 'utf8');
  fs.writeFileSync(host.configFile, settings.replace('renewed_by = "the test"\n', ''));
  const told = await consult();
  const [ran] = [await host.agent(['check', '--json', '--no-probe'])];
  fs.writeFileSync(host.configFile, settings);
  const { findings }: { findings: { code: string; cause: string; remedy: string }[] } = JSON.parse(ran.stdout);
  const dead = findings.find(({ code }) => code === 'renewal-timer-dead');
  const one = told.of('certbot-renewer');
  if (dead) t.deepEqual([one.says, 'fix' in one && one.fix], [dead.cause, dead.remedy]);
  else t.is(one.verdict, 'ok', 'certbot of this machine has a timer that would renew it');
});

test.serial('a config that nginx refuses is told by our reader and by nginx itself', async (t) => {
  const config = fs.readFileSync(host.nginx.configFile, 'utf8');
  fs.writeFileSync(host.nginx.configFile, config.replace('http {', 'http {\n  server_nam wrong;\n'));
  const told = await consult();
  fs.writeFileSync(host.nginx.configFile, config);
  t.regex(told.wrong('nginx-test').says, /^nginx refuses its config: unknown directive "server_nam" in .*:\d+$/);
  t.is(told.exit, 1);
  t.is((await consult()).of('nginx-test').verdict, 'ok');
});

test.serial('a clock that is two hours ahead is told by that of the CA', async (t) => {
  const ahead = ['/usr/bin/faketime', '-f', '+2h'];
  const told = consultation(await ranDoctor(['doctor', '--json', '--config', host.configFile], {}, ahead));
  t.regex(told.wrong('clock').says, /^this host's clock is (?:2 h|1 h 59 min) ahead of that of localhost$/);
  t.is(told.wrong('clock').fix, 'timedatectl set-ntp true');
});

test.serial('a proxy that refuses is told without its password, and the CA behind it is not reached', async (t) => {
  const port = await host.sandbox.port();
  const secret = 'correct-horse';
  const env = { HTTPS_PROXY: `http://someone:${secret}@127.0.0.1:${port}`, NO_PROXY: 'internal.example' };
  const ran = await ranDoctor(['doctor', '--json', '--config', host.configFile], env);
  const told = consultation(ran);
  t.regex(
    told.wrong('proxy').says,
    new RegExp(`^HTTPS_PROXY names 127\\.0\\.0\\.1:${port}, which is not reached: ECONNREFUSED$`),
  );
  t.regex(told.wrong('certbot-ca').says, /localhost, the CA of shop, is not reached/);
  t.false(ran.stdout.includes(secret));
  t.is((await consult()).of('certbot-ca').verdict, 'ok', 'without the variable');
});

test.serial(
  'to a user who is not root what only root may see is not told, and nothing of it is called wrong',
  async (t) => {
    fs.chmodSync(host.sandbox.directory, 0o755);
    fs.chmodSync(host.configFile, 0o644);
    for (const name of ['live', 'archive']) fs.chmodSync(path.join(host.certbot.configDirectory, name), 0o700);
    fs.mkdirSync(state(), { recursive: true });
    fs.chmodSync(state(), 0o700);
    const nobody = [
      '/usr/bin/setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--no-new-privs',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ];
    const told = consultation(await ranDoctor(['doctor', '--json', '--config', host.configFile], {}, nobody));
    t.deepEqual(
      told.checks.filter(({ verdict }) => verdict === 'wrong'),
      [],
    );
    t.is(told.exit, 3);
    t.regex(told.of('account').says, /^this is looked at as nobody \(uid 65534\)/);
    for (const check of ['rights-read', 'collector', 'nginx-test', 'daemon']) {
      const one = told.of(check);
      t.is(one.verdict, 'not-told', `${check}: ${one.says}`);
      t.regex('fix' in one ? String(one.fix) : '', /^sudo /, check);
    }
  },
);

test.serial('the collector: reached, another key, gone, revoked', async (t) => {
  const collector = await startTestCollector(t);
  const join = await addToken(collector.directory, `127.0.0.1:${collector.agentAddress.port}`, 3_600_000, Date.now());
  const enrolled = await host.agent(['enroll', formatJoin(join)]);
  t.is(enrolled.exit, 0, enrolled.stderr);
  const daemon = await running(t);
  await until('it is connected', async () => (await consult()).of('collector-session').verdict === 'ok');
  const well = await consult();
  for (const check of ['collector-reached', 'collector-session', 'collector-outbox'])
    t.is(well.of(check).verdict, 'ok', check);
  t.regex(well.of('clock').says, /^agrees with localhost and the collector within 30 s$/);
  t.is((await collector.estate()).hosts.length, 1);
  t.deepEqual(
    (await collector.estate()).hosts.map(({ reason }) => reason.includes('copy')),
    [false],
    'a look is no second session',
  );

  const file = path.join(state(), 'enrolment.json');
  const enrolment = fs.readFileSync(file, 'utf8');
  const pinned = JSON.parse(enrolment);
  const other = (change: object) => fs.writeFileSync(file, JSON.stringify({ ...pinned, ...change }));
  other({ pin: Buffer.alloc(32).toString('base64url') });
  const pin = (await consult()).wrong('collector-pin');
  t.regex(pin.fix, /certherd-agent enroll --replace JOIN/);
  other({ collectorId: 'A'.repeat(22) });
  t.regex((await consult()).wrong('collector-identity').says, /is another collector than this host was enrolled with/);
  fs.writeFileSync(file, '{');
  t.regex((await consult()).wrong('collector-enrolment').says, /damaged/);
  fs.writeFileSync(file, enrolment);

  const sql = new Database(path.join(collector.directory, 'certherd.db'));
  sql.prepare('UPDATE host SET revoked_at = ?').run(Date.now());
  sql.close();
  await daemon.end();
  const again = await running(t);
  await until('the daemon is told', async () => (await consult()).of('collector-session').verdict === 'wrong', {
    deadlineMs: 60_000,
  });
  t.regex((await consult()).wrong('collector-session').says, /has revoked this host$/);

  await collector.close();
  const gone = (await consult()).wrong('collector-reached');
  t.regex(gone.says, /is not reached: .*ECONNREFUSED/);
  t.regex(gone.fix, /^On 127\.0\.0\.1: certherd-collector doctor; /);
  await again.end();
});

test.serial('no line is wider than the terminal but for commands, and NO_COLOR is obeyed', async (t) => {
  for (const columns of [80, 120]) {
    const ran = await ranDoctor(['doctor', '--config', host.configFile], { TERM: 'xterm', NO_COLOR: '1' }, [
      '/usr/bin/python3',
      '-c',
      onTerminal,
      String(columns),
    ]);
    const lines = ran.stdout
      .replaceAll('\r\n', '\n')
      .split('\n')
      .map((line) => line.replace(/^.*\r\u001b\[K/, ''));
    t.true(
      lines.some((line) => line.includes('nothing wrong') || /\d+ wrong/.test(line)),
      ran.stdout,
    );
    for (const line of lines.filter((one) => !/^ {4}\S+ /.test(one)))
      t.true(line.length <= columns, `${line.length}: ${line}`);
    t.false(lines.join('\n').includes('\u001b['), 'no colour');
  }
});
