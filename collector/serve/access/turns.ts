/** Lets at most `atOnce` run; of the others `waiting` wait, and the rest are refused: undefined. */
export function turns(atOnce: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T | undefined> {
  const queue: (() => void)[] = [];
  let running = 0;

  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) return undefined;
      await new Promise<void>((resolve) => {
        queue.push(resolve);
      });
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
