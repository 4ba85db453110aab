import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { judgeAgents } from '../../../collector/doctor/judge/database.ts';
import { observeListener } from '../../../collector/doctor/gather/listeners.ts';
import { judgeListener, judgeTls } from '../../../collector/doctor/judge/serving.ts';
import { consultation } from '../../helpers/doctor.ts';
import { follow } from '../../helpers/scenario.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { addToken, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const free = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
};

async function settings(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  const ports = { agents: await free(), web: await free() };
  writeFileSync(config, `agent_listen = "127.0.0.1:${ports.agents}"\nweb_listen = "127.0.0.1:${ports.web}"\n`);
  const data = join(directory, 'data');
  return { config, data, ports, args: ['--config', config, '--data', data] };
}

async function consult(args: readonly string[]) {
  const child = runCollector(['doctor', '--json', ...args]);
  const exit = await child.ended;
  return consultation({ exit, stdout: child.lines.join('\n'), stderr: child.complaints.join('\n') });
}

const wrongs = (told: Awaited<ReturnType<typeof consult>>) => told.checks.filter(({ verdict }) => verdict === 'wrong');

test('an address that is not of this machine is no free one, and one that is stays free after it was tried', async (t) => {
  const asked = async (host: string) => {
    const at = { host, port: await free() };
    const facts = await observeListener('agent_listen', at, { isServed: false, isSecure: true });
    return judgeListener(facts, { by: 'nobody', start: 'certherd-collector serve', ownUid: 0, version: '' });
  };
  // RFC 5737 keeps it for documentation.
  const strange = await asked('192.0.2.1');
  t.like(strange, { verdict: 'wrong' });
  t.regex(strange.says, /^192\.0\.2\.1:\d+ is no address of this machine$/);
  t.like(await asked('127.0.0.1'), { verdict: 'ok' });
  t.like(await asked('0.0.0.0'), { verdict: 'ok' });
});

test.serial(
  'before the first start nothing is wrong and nothing is made; while it serves all is seen, and nothing is left behind',
  async (t) => {
    const { args, data } = await settings(t);
    const before = await consult(args);
    t.deepEqual(wrongs(before), []);
    t.false(existsSync(data));
    const collector = await spawnCollector(t, args);
    const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
    const wire = await begin(invitation, await enrol(invitation, 'web-1'), { hostName: 'web-1' });
    const served = await consult(args);
    t.deepEqual(wrongs(served), []);
    for (const check of [
      'serving',
      'data-directory',
      'data-sync',
      'database',
      'tls',
      'agent_listen',
      'web_listen',
      'agents',
      'descriptors',
    ])
      t.is(served.of(check).verdict, 'ok', check);
    t.regex(served.of('agents').says, /^1 host enrolled, all are heard$/);
    t.regex(served.of('agent_listen').says, /answers with the key that agents have pinned$/);
    collector.process.kill('SIGTERM');
    t.is(await wire.closed, 1001);
    await collector.ended;
    const files = readdirSync(data).sort();
    const rest = await consult(args);
    t.is(rest.wrong('serving').fix, `certherd-collector serve ${args.join(' ')}`);
    t.regex(rest.of('database').says, /found whole$/);
    t.regex(rest.of('agents').says, /^1 host enrolled; which of them speak is told while the collector serves$/);
    t.deepEqual(readdirSync(data).sort(), files, 'no file is made beside the database');
  },
);

test.serial(
  'a damaged database is told, while nobody serves it and while somebody does; that of a newer version, too',
  async (t) => {
    const { args, data } = await settings(t);
    const first = await spawnCollector(t, args);
    first.process.kill('SIGTERM');
    await first.ended;
    const file = join(data, 'certherd.db');
    const whole = readFileSync(file);

    const pageSize = whole.readUInt16BE(16);
    const damaged = Buffer.from(whole);
    damaged.fill(0xaa, 2 * pageSize, 3 * pageSize);
    writeFileSync(file, damaged);
    const told = (await consult(args)).wrong('database');
    t.regex(told.says, /certherd\.db: damaged \(/);
    t.regex(told.fix, /^Stop the collector and put a backup in its place; without one: mkdir /);
    const [, moving = ''] = told.fix.split('without one: ');
    t.true(moving.startsWith(`mkdir ${data}/damaged && mv ${file}* `));

    writeFileSync(file, whole);
    const newer = new Database(file);
    newer.pragma('user_version = 99');
    newer.close();
    t.regex((await consult(args)).wrong('database').says, /made by a newer certherd-collector \(schema 99/);

    writeFileSync(file, 'no database at all, but long enough to be looked at as one'.repeat(20));
    t.regex((await consult(args)).wrong('database').says, /damaged \(file is not a database\)/);
    writeFileSync(file, whole);
    t.is((await consult(args)).of('database').verdict, 'ok');
  },
);

test.serial(
  'a data directory or key that is open to others is told, and the printed commands close them',
  async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const { args, data } = await settings(t);
    const first = await spawnCollector(t, args);
    first.process.kill('SIGTERM');
    await first.ended;
    chmodSync(data, 0o755);
    chmodSync(join(data, 'tls/key.pem'), 0o644);
    const told = await consult(args);
    for (const check of ['data-mode', 'tls-key'])
      await follow(t, { sandbox, agent: () => Promise.reject(new Error('none')) }, told.wrong(check).fix);
    const after = await consult(args);
    t.is(after.of('data-directory').verdict, 'ok');
    t.is(after.of('tls').verdict, 'ok');
    rmSync(join(data, 'tls/certificate.pem'));
    t.regex((await consult(args)).wrong('tls').says, /certificate\.pem is missing/);
  },
);

test.serial('a port that another program holds is told with that program', async (t) => {
  const { args, ports } = await settings(t);
  const taken = createServer().listen(ports.web, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const told = (await consult(args)).wrong('web_listen');
  t.regex(told.says, new RegExp(`^127\\.0\\.0\\.1:${ports.web} is held by .* \\(pid ${process.pid}\\)$`));
  t.is(told.fix, 'Stop that process, or set web_listen in collector.toml to another port.');
});

test.serial('settings that changed since the start are told by the port that nobody answers', async (t) => {
  const { args, config, ports } = await settings(t);
  await spawnCollector(t, args);
  writeFileSync(config, readFileSync(config, 'utf8').replace(`:${ports.web}"`, `:${await free()}"`));
  const told = (await consult(args)).wrong('web_listen');
  t.regex(told.says, /does not answer: ECONNREFUSED$/);
  t.regex(told.fix, /^Stop it \(kill \d+\) and start it again: certherd-collector serve --config /);
});

test.serial('mistakes in the settings are told with their lines, and the rest with the defaults', async (t) => {
  const { args, config, data } = await settings(t);
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "0.0.0.0:80"\nhearbeat_seconds = 3\n');
  mkdirSync(data, { mode: 0o700 });
  const told = await consult(args);
  t.is(told.exit, 1);
  const mistakes = wrongs(told).filter(({ check }) => check === 'settings-mistake');
  t.deepEqual(
    mistakes.map((one) => one.verdict === 'wrong' && /^Correct line (\d+) of/.exec(one.fix)?.[1]),
    ['2', '3'],
  );
  t.truthy(told.of('descriptors'));
});

test.serial(
  'to another user, also one without an account or a home, the data are not told, and nothing is called wrong',
  async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const { args, data, config } = await settings(t);
    const first = await spawnCollector(t, args);
    chmodSync(join(config, '..'), 0o755);
    chownSync(data, 0, 0);
    const main = join(import.meta.dirname, '../../../collector/main.ts');
    const nobody = ['--reuid=54321', '--regid=54321', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const ran = await sandbox.run('/usr/bin/setpriv', [...nobody, process.execPath, main, 'doctor', '--json', ...args]);
    const told = consultation(ran);
    t.deepEqual(wrongs(told), []);
    t.is(told.exit, 3);
    for (const check of ['serving', 'tls', 'database']) t.is(told.of(check).verdict, 'not-told', check);
    first.process.kill('SIGTERM');
    await first.ended;
  },
);

test('silent hosts, copies, newer agents, and a clock that was set back', (t) => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const serving = { by: 42, start: 'certherd-collector serve', ownUid: 0, version: '0.2.0' };
  const host = { name: 'web-1', version: '0.1.0', heardAt: now, revoked: false };
  const told = (...agents: Parameters<typeof judgeAgents>[0]) =>
    judgeAgents(agents, serving, { silentAfterMs: 60_000, now }).map(({ check, verdict }) => `${check} ${verdict}`);
  t.deepEqual(told(host), ['agents ok', 'agent-versions ok']);
  t.deepEqual(told(host, { ...host, heardAt: now - 100_000 }), ['agents wrong', 'agent-versions ok']);
  t.deepEqual(told({ ...host, heardAt: now - 100_000, revoked: true }), ['agents ok'], 'a revoked host may be silent');
  t.deepEqual(told({ ...host, version: '0.10.0' }), ['agents ok', 'agent-versions wrong']);
  t.deepEqual(told({ ...host, conflictAt: now - 1000 }), ['agents ok', 'agent-versions ok', 'agent-copied wrong']);
  t.deepEqual(told({ ...host, heardAt: now + 3_600_000 }), ['clock-back wrong', 'agent-versions ok']);
});

test("the collector's own certificate is watched like any other", (t) => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const serving = { by: 42, start: 'certherd-collector serve', ownUid: 0, version: '0.2.0' };
  const told = (days: number) =>
    judgeTls(
      {
        keyPath: '/d/tls/key.pem',
        certificatePath: '/d/tls/certificate.pem',
        found: { notAfter: now + days * 86_400_000, pin: 'x', keyMode: 0o600 },
      },
      serving,
      now,
    )[0];
  t.is(told(31)?.verdict, 'ok');
  t.is(told(29)?.says, 'its own certificate ends in 29 d');
  const ended = told(-1);
  t.is(ended?.says, 'its own certificate ended 1 d ago');
  t.regex(
    ended?.verdict === 'wrong' ? ended.fix : '',
    /^rm \/d\/tls\/certificate\.pem, then: Stop it \(kill 42\) and start it again/,
  );
});
