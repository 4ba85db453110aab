import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket, connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { socketActor } from '../../../agent/system/act-socket.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';

const policy = 'mode = "observe"\n';

/** What systemd does for a socket with Accept=yes: one `act` for each connection, which is its standard input and output. */
async function actSocket(
  t: ExecutionContext,
): Promise<{ path: string; ended: { code: number | null; stderr: string }[] }> {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = join(sandbox.directory, 'agent.toml');
  writeFileSync(config, `${policy}state_directory = "${sandbox.directory}/state"\n`);
  const ended: { code: number | null; stderr: string }[] = [];
  const path = await listening(t, join(sandbox.directory, 'act.sock'), (socket) => {
    const child = spawn(process.execPath, ['agent/main.ts', 'act', '--config', config], {
      stdio: [socket, socket, 'pipe'],
    });
    socket.destroy();
    t.teardown(() => child.kill('SIGKILL'));
    void collected(child).then((end) => ended.push(end));
  });
  return { path, ended };
}

async function listening(t: ExecutionContext, path: string, accept: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer({ pauseOnConnect: true }, accept);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  return path;
}

async function collected(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += String(text)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

test('one line to the socket, progress and an outcome back', async (t) => {
  const { path, ended } = await actSocket(t);
  const outcome = await socketActor(path)({ verb: 'renew', lineage: 'shop' }, () => {});
  t.is(outcome.reason, 'not-allowed');
  t.regex(outcome.detail, /mode is "observe": to allow renew, set mode = "renew" in .*agent\.toml/);
  await until('act ends', () => ended.length === 1);
  t.deepEqual(ended, [{ code: 1, stderr: '' }]);
});

test('a socket that is not there, or that nobody listens at, is not allowed, with what to do', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const path = join(sandbox.directory, 'act.sock');
  const missing = await socketActor(path)({ verb: 'reload', server: 'nginx' }, () => {});
  t.deepEqual(missing, {
    verb: 'reload',
    reason: 'not-allowed',
    detail: `${path} cannot be used (ENOENT): systemctl enable --now certherd-act.socket, or run certherd-agent as root`,
    steps: [],
  });
});

test('a connection that ends without an outcome is a fault of ours, and what was said before was heard', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const path = await listening(t, join(sandbox.directory, 'act.sock'), (socket) => {
    socket.resume();
    socket.end('{"progress":"certbot renew …"}\nno JSON\n{"outcome":{"verb":"renew"}}\n');
  });
  const heard: string[] = [];
  const outcome = await socketActor(path)({ verb: 'renew', lineage: 'shop' }, (line) => heard.push(line));
  t.is(outcome.reason, 'internal');
  t.regex(outcome.detail, /without an outcome: journalctl/);
  t.deepEqual(heard, ['certbot renew …']);
});

test('act waits 5 seconds for its line, reads 8 KiB of it, and does nothing for what is no request', async (t) => {
  const { path, ended } = await actSocket(t);
  const answers = await Promise.all([
    exchange(path, ''),
    exchange(path, `{"verb":"renew","lineage":"${'a'.repeat(9000)}"}\n`),
    exchange(path, 'x'.repeat(100_000)),
    exchange(path, '{"verb":"exec","command":"id"}\n'),
  ]);
  t.deepEqual(answers, ['', '', '', '']);
  await until('all have ended', () => ended.length === 4);
  t.deepEqual(
    ended.map(({ code }) => code),
    [64, 64, 64, 64],
  );
  for (const { stderr } of ended) t.regex(stderr, /must be one JSON line/);
});

/** What comes back until the other end closes; ours stays open. */
async function exchange(path: string, text: string): Promise<string> {
  const socket = connect(path);
  let answer = '';
  socket.on('data', (part) => (answer += String(part)));
  socket.on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}
