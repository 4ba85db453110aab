import { failed, success } from '@certherd/protocol/failure';
import { execa } from 'execa';
import type { Programs } from '../ports.ts';

const keptBytes = 64 * 1024;
const graceMs = 10_000;
const outputMs = 2_000;

/**
 * Programs through execa. The environment holds nothing but what certbot and nginx need. Each program leads a
 * process group, so that at the deadline its children end with it: TERM first, KILL ten seconds later. Once `ending` is
 * aborted a program has `hurriedMs` left, so that a renewal under way may come to its own end: with the grace
 * that is less than what systemd gives a service to stop (90 s).
 */
export function systemPrograms(ending?: AbortSignal, hurriedMs = 65_000): Programs {
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
      // However much a program or its hooks print, it neither ends for that nor fills the memory.
      buffer: false,
    });
    const output = lastBytes(child.all);
    let timedOut = false;
    const timers: NodeJS.Timeout[] = [];
    const endIn = (ms: number) => {
      const term = () => {
        timedOut = true;
        signalGroup(child.pid, 'SIGTERM');
      };
      timers.push(
        setTimeout(term, ms),
        setTimeout(() => signalGroup(child.pid, 'SIGKILL'), ms + graceMs),
      );
    };
    endIn(deadlineMs);
    const hurry = () => endIn(hurriedMs);
    if (ending?.aborted) hurry();
    ending?.addEventListener('abort', hurry);
    // A daemon that a hook started may hold the output open for ever: what the program itself printed is there by then.
    let late: NodeJS.Timeout | undefined;
    child.nodeChildProcess.once('exit', () => {
      late = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, outputMs);
    });
    const result = await child;
    // What ignored TERM after the program itself had ended: nobody waits for it any more.
    if (timedOut) signalGroup(child.pid, 'SIGKILL');
    clearTimeout(late);
    for (const timer of timers) clearTimeout(timer);
    ending?.removeEventListener('abort', hurry);
    if (result.code === 'ENOENT' || result.code === 'EACCES') {
      return failed(
        result.code === 'ENOENT' ? 'not-found' : 'permission-denied',
        `${file} cannot be run: ${result.code}`,
      );
    }
    return success({
      output: output(),
      timedOut,
      ...(typeof result.exitCode === 'number' && { exitCode: result.exitCode }),
    });
  };
}

/** Reads the stream to its end; the returned function gives its last 64 KiB so far. */
function lastBytes(stream: NodeJS.ReadableStream | undefined): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    while (length - (chunks[0]?.length ?? 0) >= keptBytes) length -= chunks.shift()?.length ?? 0;
  });
  return () => Buffer.concat(chunks).subarray(-keptBytes).toString('utf8');
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group ended by itself in the meantime.
  }
}
