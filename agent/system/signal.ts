import { failed, type Result, success } from '@certherd/protocol/failure';

/** Sends a signal to one process. */
export function systemSignal(pid: number, name: 'SIGUSR2'): Result<void> {
  try {
    process.kill(pid, name);
    return success(undefined);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return failed(code === 'EPERM' ? 'permission-denied' : 'not-running', `${name} to process ${pid}: ${code}`);
  }
}
