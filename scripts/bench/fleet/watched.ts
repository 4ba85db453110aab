import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into the collector's process before the collector (--import): measures its event loop from inside. The collector itself is as shipped.

/** Milliseconds; a loop that is free shows the resolution, 10. */
export interface LoopDelay {
  p50: number;
  p99: number;
  longest: number;
  /** The most processor time that the thread took in one turn since `count-turns`: on a busy machine a delay may be somebody else's. */
  held: number;
}

export type Question = 'begin' | 'count-turns' | 'delay' | 'collect-garbage';

const delay = monitorEventLoopDelay({ resolution: 10 });
let counting = false;
let held = 0;

process.on('message', (question: Question) => {
  if (question === 'begin') {
    delay.enable();
    delay.reset();
  } else if (question === 'count-turns') {
    counting = true;
    held = 0;
    countTurn(process.threadCpuUsage());
  } else if (question === 'collect-garbage') global.gc?.();
  else counting = false;
  const { max } = delay;
  process.send?.({
    p50: delay.percentile(50) / 1e6,
    p99: delay.percentile(99) / 1e6,
    longest: max / 1e6,
    held,
  } satisfies LoopDelay);
});
process.channel?.unref();

/** Goes round and round while it counts, which takes a core. */
function countTurn(before: NodeJS.CpuUsage): void {
  setImmediate(() => {
    const now = process.threadCpuUsage();
    held = Math.max(held, (now.user + now.system - before.user - before.system) / 1000);
    if (counting) countTurn(now);
  });
}
