/**
 * Makes of `work` something that many may ask for: it never runs twice at the same time and never sooner than `gapMs`
 * after its last end; requests that arrive meanwhile become one. `work` deals with its own failures.
 */
export function coalesced(work: () => Promise<void>, gapMs: number): () => void {
  let busy = false;
  let wanted = false;
  const run = async (): Promise<void> => {
    busy = true;
    while (wanted) {
      wanted = false;
      await work();
      await new Promise((resolve) => {
        setTimeout(resolve, gapMs);
      });
    }
    busy = false;
  };
  return () => {
    wanted = true;
    if (!busy) void run();
  };
}
