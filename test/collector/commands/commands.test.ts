import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseJoin } from '@certherd/protocol/join';
import test, { type ExecutionContext } from 'ava';
import { begin, connect, enrol, makeKey, publicHalf, readJoin, refusal } from '../helpers/wire-agent.ts';
import { runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';

async function run(...args: string[]) {
  const child = runCollector(args);
  const code = await child.ended;
  return { code, out: child.lines, err: child.complaints };
}

function configIn(t: ExecutionContext, text = ''): { config: string; data: string } {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, `agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n${text}`);
  return { config, data: join(directory, 'data') };
}

test('serve, token create, enrolment, host list and SIGTERM work together', async (t) => {
  const { config, data } = configIn(t);
  const common = ['--config', config, '--data', data];
  const served = await spawnCollector(t, common);
  t.regex(served.web, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await fetch(served.web);
  t.is(page.status, 200);
  t.regex(await page.text(), /<script type="module" src="\/assets\/page\.js">/);

  const empty = await run('host', 'list', ...common);
  t.deepEqual(empty.out, ['No host is enrolled. Next: certherd-collector token create']);
  const token = await run('token', 'create', ...common, '--expires', '10m', '--json');
  t.is(token.code, 0, token.err.join());
  const { join: text, expiresAt }: { join: string; expiresAt: string } = JSON.parse(token.out[0] ?? '');
  t.true(Date.parse(expiresAt) - Date.now() < 600_000);
  const invitation = readJoin(text);
  t.is(invitation.authority, served.agents);
  const wire = await begin(invitation, await enrol(invitation, 'web-1\u001B[31m'), { hostName: 'web-1\u001B[31m' });

  const listed = await run('host', 'list', ...common);
  t.true(listed.out.join('\n').includes('web-1'));
  t.false(listed.out.join('\n').includes('\u001B'));
  const json: {
    items: { name: string; status: string }[];
  } = JSON.parse((await run('host', 'list', ...common, '--json')).out.join(''));
  t.is(json.items[0]?.status, 'unknown');

  const secret =
    readFileSync(join(data, 'certherd.db')).includes(invitation.token) ||
    readFileSync(join(data, 'certherd.db-wal')).includes(invitation.token);
  t.false(secret, 'the token itself is not kept');
  served.process.kill('SIGTERM');
  t.is(await wire.closed, 1001);
  t.is(await served.ended, 0);
  t.deepEqual(served.complaints, []);
});

test('token create --count makes so many, each good for one host, and refuses no number', async (t) => {
  const { config, data } = configIn(t);
  const common = ['--config', config, '--data', data];
  const served = await spawnCollector(t, common);
  const made = await run('token', 'create', ...common, '--count', '3');
  t.is(made.code, 0, made.err.join());
  t.is(new Set(made.out).size, 3);
  const agents = await Promise.all(made.out.map((word, index) => enrol(readJoin(word), `web-${index}`)));
  t.is(new Set(agents.map(({ agentId }) => agentId)).size, 3);
  const json = await run('token', 'create', ...common, '--count', '2', '--json');
  t.deepEqual(
    json.out.map((line) => Object.keys(JSON.parse(line))),
    [
      ['version', 'join', 'expiresAt'],
      ['version', 'join', 'expiresAt'],
    ],
  );
  for (const wrong of ['0', '-1', 'many', '1e3', '999999']) {
    const refused = await run('token', 'create', ...common, '--count', wrong);
    t.is(refused.code, 64, wrong);
    t.regex(refused.err.join(), /--count: expected a number from 1 to 100000/);
  }
  served.process.kill('SIGTERM');
  await served.ended;
});

test('even the most talkative log holds no token', async (t) => {
  const { config, data } = configIn(t);
  const served = await spawnCollector(t, ['--config', config, '--data', data, '--verbose']);
  const created = await run('token', 'create', '--config', config, '--data', data, '--verbose');
  const invitation = readJoin(created.out[0] ?? '');
  const identity = await enrol(invitation, 'web-1');
  const again = await connect(invitation);
  again.send({ type: 'enrol', token: invitation.token, publicKey: publicHalf(makeKey()), hostName: 'x' });
  await refusal(again);
  const broken = await connect(invitation);
  broken.send({ type: 'enrol', token: invitation.token, publicKey: 5, hostName: 'x' });
  await refusal(broken);
  served.process.kill('SIGTERM');
  await served.ended;
  const log = served.complaints.join('\n');
  t.true(log.includes('token-refused') && log.includes(identity.agentId));
  t.false(log.includes(invitation.token));
  t.false(log.includes('PRIVATE KEY'));
});

test('token create prints one word, also before the first start, and takes an address', async (t) => {
  const { config, data } = configIn(t);
  const result = await run('token', 'create', '--config', config, '--data', data, '--url', '[::1]:9443');
  t.is(result.code, 0);
  t.is(result.out.length, 1);
  const read = parseJoin(result.out[0] ?? '');
  t.is(read.ok && read.value.authority, '[::1]:9443');
  t.regex(result.err[0] ?? '', /^Valid once, until /);
});

// Not beside the others: each process that starts delays all of them.
test.serial('token create names what agents are to trust, and says what is wrong with it', async (t) => {
  const { config, data } = configIn(t, 'public_trust = "system-ca"\n');
  const create = (...more: string[]) =>
    run('token', 'create', '--config', config, '--data', data, '--url', 'c.example:443', ...more);
  t.regex((await create()).out[0] ?? '', /^certherd:\/\/c\.example:443\/system-ca\.[\w-]{43}$/);
  t.regex((await create('--trust', 'own-key')).out[0] ?? '', /^certherd:\/\/c\.example:443\/[\w-]{43}\.[\w-]{43}$/);
  const word = await create('--trust', 'pin');
  t.is(word.code, 64);
  t.regex(
    word.err.join(),
    /--trust: expected own-key, system-ca, or the absolute path of a certificate in PEM, found "pin"/,
  );
  const file = await create('--trust', config);
  t.is(file.code, 1);
  t.regex(
    file.err.join(),
    /collector\.toml: no certificate can be read there .*: give the one that agents are shown, in PEM/,
  );
});

test('token create with port 0 and no address says what to do', async (t) => {
  const { config, data } = configIn(t);
  const result = await run('token', 'create', '--config', config, '--data', data);
  t.is(result.code, 1);
  t.deepEqual(result.err, [
    'certherd-collector: agent_listen has port 0: start certherd-collector serve first, or give --url HOST:PORT',
  ]);
});

test('a taken port is one clear line and exit 1', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : 0;
  for (const field of ['agent_listen', 'web_listen']) {
    const { data, config } = configIn(t);
    const text = readFileSync(config, 'utf8').replace(new RegExp(`${field} = .*`), `${field} = "127.0.0.1:${port}"`);
    writeFileSync(config, text);
    const result = await run('serve', '--config', config, '--data', data);
    t.is(result.code, 1);
    t.deepEqual(result.err, [
      `certherd-collector: 127.0.0.1:${port}: another program listens there: stop it, or set ${field} to another port`,
    ]);
    t.deepEqual(result.out, []);
  }
});

test('a data directory that is served already is refused', async (t) => {
  const { config, data } = configIn(t);
  const first = await spawnCollector(t, ['--config', config, '--data', data]);
  const second = await run('serve', '--config', config, '--data', data);
  t.is(second.code, 1);
  t.is(second.err.length, 1);
  t.regex(
    second.err[0] ?? '',
    new RegExp(`already served by another certherd-collector \\(process ${first.process.pid}\\)`),
  );
  first.process.kill('SIGKILL');
  await first.ended;
  const third = await spawnCollector(t, ['--config', config, '--data', data]);
  t.truthy(third.web, 'a collector that was killed leaves no lock behind');
});

test('a damaged database is refused with the file named', async (t) => {
  const { config, data } = configIn(t);
  mkdirSync(data);
  writeFileSync(join(data, 'certherd.db'), 'x'.repeat(9000));
  const result = await run('serve', '--config', config, '--data', data);
  t.is(result.code, 1);
  t.is(result.err.length, 1);
  t.true(result.err[0]?.includes(join(data, 'certherd.db')));
});

test('host list tells a directory without data from one that it cannot read, and makes nothing there', async (t) => {
  const { config, data } = configIn(t);
  const nothing = await run('host', 'list', '--config', config, '--data', data);
  t.is(nothing.code, 1);
  t.regex(nothing.err.join('\n'), /: no collector's data here: give --data, or start certherd-collector serve$/);
  t.false(existsSync(data));
  const closed = await run('host', 'list', '--config', config, '--data', '/dev/null/x');
  t.is(closed.code, 1);
  t.regex(closed.err.join('\n'), /\/dev\/null\/x: cannot be read \(ENOTDIR\): /);
});

test('config mistakes exit with 78, one line each', async (t) => {
  const { config, data } = configIn(t, 'hearbeat_seconds = 3\n');
  const result = await run('serve', '--config', config, '--data', data);
  t.is(result.code, 78);
  t.deepEqual(result.err, [`${config}:4: hearbeat_seconds: unknown field; did you mean heartbeat_seconds?`]);
});

test('wrong usage exits with 64 and says where the help is', async (t) => {
  for (const args of [
    ['serve', '--nonsense'],
    ['nonsense'],
    ['token', 'create', '--expires', 'soon'],
    ['token', 'create', '--url', 'nowhere'],
  ]) {
    const result = await run(...args);
    t.is(result.code, 64, args.join(' '));
    t.true(result.err.length > 0 && !result.err.some((line) => line.includes('    at ')));
  }
});

test('version and help answer on standard output with exit 0', async (t) => {
  for (const args of [['--version'], ['version']]) {
    const result = await run(...args);
    t.is(result.code, 0);
    t.regex(result.out[0] ?? '', /^certherd-collector \d+\.\d+\.\d+$/);
  }
  const help = await run('serve', '--help');
  t.is(help.code, 0);
  t.regex(help.out.join('\n'), /--config <file>[\s\S]*--data <dir>[\s\S]*--verbose/);
});

test('stack traces come only with --verbose', async (t) => {
  const { config } = configIn(t);
  const quiet = await run('serve', '--config', config, '--data', '/dev/null/x');
  const verbose = await run('serve', '--config', config, '--data', '/dev/null/x', '--verbose');
  t.is(quiet.err.length, 1);
  t.true(verbose.err.some((line) => line.includes('    at ')));
});

test('a database of a newer collector is refused by serve, backup and restore alike, and not one byte of it changes', async (t) => {
  const { config, data } = configIn(t);
  const common = ['--config', config, '--data', data];
  t.is((await run('token', 'create', ...common, '--url', '127.0.0.1:1')).code, 0);
  const file = join(data, 'certherd.db');
  const bytes = readFileSync(file);
  // user_version is at offset 60 (SQLite's file format).
  bytes.writeUInt32BE(9000, 60);
  writeFileSync(file, bytes);
  for (const args of [['serve'], ['backup', join(data, 'backup.db')], ['restore', file]]) {
    const refused = await run(...args, ...common);
    t.is(refused.code, 1, args[0]);
    t.regex(
      refused.err.join('\n'),
      /made by a newer certherd-collector \(schema 9000, this one knows \d+\): install that/,
    );
    t.true(readFileSync(file).equals(bytes), args[0]);
  }
});
