/** Sets a timer; the returned function cancels it. */
type After = (ms: number, task: () => void) => () => void;

const afterHere: After = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** Runs `task` at once, and again `restMs()` after it ended, until the returned function is called: a slow answer is waited for. */
export function repeat(task: () => Promise<void>, restMs: () => number, after: After = afterHere): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const run = async (): Promise<void> => {
    await task();
    if (!stopped) cancel = after(restMs(), () => void run());
  };
  void run();
  return () => {
    stopped = true;
    cancel();
  };
}
