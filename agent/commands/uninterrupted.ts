import process from 'node:process';

/**
 * Does what must not stay half done: Ctrl-C and a terminal that is gone (SIGHUP) are told that it is brought to its end first; SIGTERM
 * makes `ending` hurry as well, as where systemd stops an action.
 */
export async function uninterrupted<T>(
  progress: (line: string) => void,
  work: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const wait = () => progress('it is brought to its end first');
  const hurry = () => {
    wait();
    ending.abort();
  };
  process.on('SIGINT', wait).on('SIGHUP', wait).on('SIGTERM', hurry);
  try {
    return await work(ending.signal);
  } finally {
    process.off('SIGINT', wait).off('SIGHUP', wait).off('SIGTERM', hurry);
  }
}
