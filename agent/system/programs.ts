import { failed, success } from '@certherd/protocol/failure';
import { execa } from 'execa';
import type { Programs } from '../ports.ts';

const keptCharacters = 64 * 1024;
const graceMs = 10_000;
const outputMs = 2_000;

/**
 * Programs through execa. The environment holds nothing but what certbot and nginx need. Each program leads a
 * process group, so that at the deadline its children end with it: TERM first, KILL ten seconds later.
 */
export function systemPrograms(): Programs {
  return async ([file = '', ...args], { environment, deadlineMs }) => {
    if (!file.startsWith('/')) return failed('not-found', `${file} is not an absolute path`);
    const child = execa(file, args, {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root', ...environment },
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      reject: false,
      detached: true,
      cleanup: false,
      maxBuffer: 4 * 1024 * 1024,
    });
    let timedOut = false;
    const end = (signal: NodeJS.Signals) => signalGroup(child.pid, signal);
    const term = setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
    }, deadlineMs);
    const kill = setTimeout(() => end('SIGKILL'), deadlineMs + graceMs);
    // A daemon that a hook started may hold the output open for ever: what the program itself printed is there by then.
    let late: NodeJS.Timeout | undefined;
    child.nodeChildProcess.once('exit', () => {
      late = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, outputMs);
    });
    const result = await child;
    clearTimeout(late);
    clearTimeout(term);
    clearTimeout(kill);
    if (result.code === 'ENOENT' || result.code === 'EACCES') {
      return failed(
        result.code === 'ENOENT' ? 'not-found' : 'permission-denied',
        `${file} cannot be run: ${result.code}`,
      );
    }
    return success({
      output: (result.all ?? '').slice(-keptCharacters),
      timedOut,
      ...(typeof result.exitCode === 'number' && { exitCode: result.exitCode }),
    });
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group ended by itself in the meantime.
  }
}
