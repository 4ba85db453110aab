/**
 * Does `work` for every item, at most `total` at a time and at most `perGroup` of one group; groups take turns, so that one that is
 * slow does not keep the others waiting. Results in the order of the items.
 */
export async function eachAtMost<T, R>(
  limits: { total: number; perGroup: number },
  items: readonly T[],
  groupOf: (item: T) => string,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const slots = turns(limits.total);
  const groups = new Map<string, [number, T][]>();
  for (const [index, item] of items.entries()) {
    const group = groups.get(groupOf(item));
    if (group) group.push([index, item]);
    else groups.set(groupOf(item), [[index, item]]);
  }
  const worker = async (queue: Iterable<[number, T]>) => {
    for (const [index, item] of queue) {
      await slots.take();
      try {
        results[index] = await work(item);
      } finally {
        slots.give();
      }
    }
  };
  const queues = [...groups.values()].map((group) => ({ size: group.length, queue: group.values() }));
  const rounds = Array.from({ length: Math.min(limits.perGroup, items.length) }, (_, round) => round);
  await Promise.all(
    rounds.flatMap((round) => queues.filter(({ size }) => size > round).map(({ queue }) => worker(queue))),
  );
  return results;
}

/** Who waited longest is next. */
function turns(count: number): { take(): Promise<void>; give(): void } {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    take: () => {
      if (free === 0) return new Promise((resolve) => void waiting.push(resolve));
      free -= 1;
      return Promise.resolve();
    },
    give: () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
