import fs from 'node:fs';
import test from 'ava';
import { systemPrograms } from '../../../agent/system/programs.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { until } from '../../helpers/testbed/until.ts';

const run = systemPrograms();
const plain = { environment: {}, deadlineMs: 30_000 };

test('a program gets a clean environment, its own words and no shell', async (t) => {
  process.env.CERTHERD_CANARY = 'secret';
  const ended = await run(['/usr/bin/env'], { ...plain, environment: { REQUESTS_CA_BUNDLE: '/a b' } });
  t.deepEqual(
    ended.ok && ended.value.output.trim().split('\n').sort(),
    ['HOME=/root', 'LANG=C.UTF-8', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'REQUESTS_CA_BUNDLE=/a b'].sort(),
  );
  const echoed = await run(['/bin/echo', '$(id)', "a'b; c", '*'], plain);
  t.is(echoed.ok && echoed.value.output, "$(id) a'b; c *\n");
});

test('a daemon that a program leaves behind with its output open does not hold the answer back', async (t) => {
  const pidFile = `${testDirectory(t)}/pid`;
  const script = `import subprocess,sys\nchild = subprocess.Popen(['/bin/sleep', '600'], start_new_session=True)\nopen(${JSON.stringify(pidFile)}, 'w').write(str(child.pid))\nprint('said', flush=True)\nsys.exit(3)`;
  const began = performance.now();
  const ended = await run(['/usr/bin/python3', '-c', script], plain);
  t.teardown(() => process.kill(Number(fs.readFileSync(pidFile, 'utf8'))));
  // It would for ten minutes.
  t.true(performance.now() - began < 120_000);
  t.deepEqual(ended, { ok: true, value: { output: 'said\n', timedOut: false, exitCode: 3 } });
});

test('a program that is not there, may not be run, or has no absolute path is a failure, and a signal is no exit code', async (t) => {
  const absent = await run(['/nonexistent/program'], plain);
  t.like(absent, { ok: false, failure: { reason: 'not-found' } });
  t.like(await run(['/etc/passwd'], plain), { ok: false, failure: { reason: 'permission-denied' } });
  t.like(await run(['ls'], plain), { ok: false, failure: { reason: 'not-found' } });
  t.like(await run([], plain), { ok: false, failure: { reason: 'not-found' } });
  const killed = await run(['/usr/bin/python3', '-c', 'import os; os.kill(os.getpid(), 9)'], plain);
  t.deepEqual(killed, { ok: true, value: { output: '', timedOut: false } });
});

test('a flood of output keeps its end, and a program without end is ended at the deadline', async (t) => {
  const flood = await run(['/usr/bin/python3', '-c', "print('x' * 9_000_000); print('last')"], plain);
  t.true(
    flood.ok &&
      flood.value.exitCode === 0 &&
      flood.value.output.length === 64 * 1024 &&
      flood.value.output.endsWith('last\n'),
  );
  const stubborn = await run(['/usr/bin/yes'], { ...plain, deadlineMs: 1_500 });
  t.like(stubborn, { ok: true, value: { timedOut: true } });
});

test('what a program started and what ignores TERM does not outlive its deadline', async (t) => {
  const pidFile = `${testDirectory(t)}/pid`;
  const child =
    'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print("deaf", flush=True); time.sleep(600)';
  const script = `import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', '${child}'], stdout=subprocess.PIPE)\nchild.stdout.readline()\nopen(${JSON.stringify(pidFile)}, 'w').write(str(child.pid))\nchild.wait()`;
  const ended = await run(['/usr/bin/python3', '-c', script], { ...plain, deadlineMs: 8_000 });
  t.like(ended, { ok: true, value: { timedOut: true } });
  const pid = fs.readFileSync(pidFile, 'utf8');
  await until(
    'it is gone',
    () => !fs.existsSync(`/proc/${pid}`) || /^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')),
  );
  t.pass();
});

test('once its own process is to end, a program has only so long left, and one that ends by itself ends well', async (t) => {
  const ending = new AbortController();
  const patient = systemPrograms(ending.signal, 50)(['/bin/sleep', '600'], { environment: {}, deadlineMs: 600_000 });
  ending.abort();
  const ended = await patient;
  t.deepEqual(ended, { ok: true, value: { output: '', timedOut: true } });
  const quick = await systemPrograms(ending.signal)(['/bin/true'], { environment: {}, deadlineMs: 600_000 });
  t.deepEqual(quick, { ok: true, value: { output: '', timedOut: false, exitCode: 0 } });
});
