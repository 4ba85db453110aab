import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { until } from '../../helpers/testbed/until.ts';

/**
 * From now on the kernel gives what `inject` says (strace's `-e inject=`) to a process that runs, until the returned function is called. `log` is
 * the file that strace writes.
 */
export async function injectInto(
  t: ExecutionContext,
  pid: number | undefined,
  inject: string,
  log: string,
): Promise<() => Promise<void>> {
  const strace = spawn('/usr/bin/strace', ['-f', '-o', log, '-e', `inject=${inject}`, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => strace.kill('SIGKILL'));
  let said = '';
  strace.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await until('strace is attached', () => said.includes('attached'), {
    hopeless: () => (strace.exitCode === null ? undefined : said),
  });
  return async () => {
    const ended = once(strace, 'close');
    strace.kill('SIGINT');
    await ended;
  };
}
