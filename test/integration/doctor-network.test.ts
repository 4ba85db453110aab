import fs from 'node:fs';
import path from 'node:path';
import { formatJoin } from '@certherd/protocol/join';
import test from 'ava';
import Database from 'better-sqlite3';
import { addToken, startTestCollector } from '../collector/helpers/real-collector.ts';
import { consult, consultation, ranDoctor, runningOn, stateOf } from '../helpers/doctor.ts';
import { sharedHost } from '../helpers/scenario.ts';
import { until } from '../helpers/testbed/until.ts';

/** One host for all: each test brings one state about, and mends it again. */
const host = sharedHost(test);

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

test.serial('a clock that is two hours ahead is told by that of the CA', async (t) => {
  const ahead = ['/usr/bin/faketime', '-f', '+2h'];
  const told = consultation(await ranDoctor(host(), ['doctor', '--json', '--config', host().configFile], {}, ahead));
  t.regex(told.wrong('clock').says, /^this host's clock is (?:2 h|1 h 59 min) ahead of that of localhost$/);
  t.is(told.wrong('clock').fix, 'timedatectl set-ntp true');
});

test.serial('a proxy that refuses is told without its password, and the CA behind it is not reached', async (t) => {
  const port = await host().sandbox.port();
  const secret = 'correct-horse';
  const env = { HTTPS_PROXY: `http://someone:${secret}@127.0.0.1:${port}`, NO_PROXY: 'internal.example' };
  const ran = await ranDoctor(host(), ['doctor', '--json', '--config', host().configFile], env);
  const told = consultation(ran);
  t.regex(
    told.wrong('proxy').says,
    new RegExp(`^HTTPS_PROXY names 127\\.0\\.0\\.1:${port}, which is not reached: ECONNREFUSED$`),
  );
  t.regex(told.wrong('certbot-ca').says, /localhost, the CA of shop, is not reached/);
  t.false(ran.stdout.includes(secret));
  t.is((await consult(host())).of('certbot-ca').verdict, 'ok', 'without the variable');
});

test.serial(
  'to a user who is not root what only root may see is not told, and nothing of it is called wrong',
  async (t) => {
    fs.chmodSync(host().sandbox.directory, 0o755);
    fs.chmodSync(host().configFile, 0o644);
    for (const name of ['live', 'archive']) fs.chmodSync(path.join(host().certbot.configDirectory, name), 0o700);
    fs.mkdirSync(stateOf(host()), { recursive: true });
    fs.chmodSync(stateOf(host()), 0o700);
    const nobody = [
      '/usr/bin/setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--no-new-privs',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ];
    const told = consultation(await ranDoctor(host(), ['doctor', '--json', '--config', host().configFile], {}, nobody));
    t.deepEqual(
      told.checks.filter(({ verdict }) => verdict === 'wrong'),
      [],
    );
    t.is(told.exit, 3);
    t.regex(told.of('account').says, /^this is looked at as nobody \(uid 65534\)/);
    for (const check of ['rights-read', 'collector', 'nginx-test', 'daemon']) {
      const one = told.of(check);
      t.is(one.verdict, 'not-told', `${check}: ${one.says}`);
      t.regex('fix' in one ? one.fix : '', /^sudo /, check);
    }
  },
);

test.serial('the collector: reached, another key, gone, revoked', async (t) => {
  const collector = await startTestCollector(t);
  const join = await addToken(collector.directory, `127.0.0.1:${collector.agentAddress.port}`, 3_600_000, Date.now());
  const enrolled = await host().agent(['enroll', formatJoin(join)]);
  t.is(enrolled.exit, 0, enrolled.stderr);
  const daemon = await runningOn(t, host());
  await until('it is connected', async () => (await consult(host())).of('collector-session').verdict === 'ok');
  const well = await consult(host());
  for (const check of ['collector-reached', 'collector-session', 'collector-outbox'])
    t.is(well.of(check).verdict, 'ok', check);
  t.regex(well.of('clock').says, /^agrees with localhost and the collector within 30 s$/);
  t.is((await collector.estate()).hosts.length, 1);
  t.deepEqual(
    (await collector.estate()).hosts.map(({ reason }) => reason.includes('copy')),
    [false],
    'a look is no second session',
  );

  const file = path.join(stateOf(host()), 'enrolment.json');
  const enrolment = fs.readFileSync(file, 'utf8');
  const pinned = JSON.parse(enrolment);
  const other = (change: object) => fs.writeFileSync(file, JSON.stringify({ ...pinned, ...change }));
  other({ pin: Buffer.alloc(32).toString('base64url') });
  const pin = (await consult(host())).wrong('collector-pin');
  t.regex(pin.fix, /certherd-agent enroll --replace JOIN/);
  other({ collectorId: 'A'.repeat(22) });
  t.regex(
    (await consult(host())).wrong('collector-identity').says,
    /is another collector than this host was enrolled with/,
  );
  fs.writeFileSync(file, '{');
  t.regex((await consult(host())).wrong('collector-enrolment').says, /damaged/);
  fs.writeFileSync(file, enrolment);

  const sql = new Database(path.join(collector.directory, 'certherd.db'));
  sql.prepare('UPDATE host SET revoked_at = ?').run(Date.now());
  sql.close();
  await daemon.end();
  const again = await runningOn(t, host());
  await until('the daemon is told', async () => (await consult(host())).of('collector-session').verdict === 'wrong', {
    deadlineMs: 60_000,
  });
  t.regex((await consult(host())).wrong('collector-session').says, /has revoked this host$/);

  await collector.close();
  const gone = (await consult(host())).wrong('collector-reached');
  t.regex(gone.says, /is not reached: .*ECONNREFUSED/);
  t.regex(gone.fix, /^On 127\.0\.0\.1: certherd-collector doctor; /);
  await again.end();
});

test.serial('no line is wider than the terminal but for commands, and NO_COLOR is obeyed', async (t) => {
  for (const columns of [80, 120]) {
    const ran = await ranDoctor(host(), ['doctor', '--config', host().configFile], { TERM: 'xterm', NO_COLOR: '1' }, [
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
