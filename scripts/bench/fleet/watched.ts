import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into the collector's process before the collector (--import): measures its event loop from inside. The collector itself is as shipped.

/** Milliseconds; a loop that is free shows the resolution, 10. */
export interface LoopDelay {
  p50: number;
  p99: number;
  longest: number;
}

export type Question = 'begin' | 'delay' | 'collect-garbage';

const delay = monitorEventLoopDelay({ resolution: 10 });

process.on('message', (question: Question) => {
  if (question === 'begin') {
    delay.enable();
    delay.reset();
  } else if (question === 'collect-garbage') global.gc?.();
  const { max } = delay;
  process.send?.({
    p50: delay.percentile(50) / 1e6,
    p99: delay.percentile(99) / 1e6,
    longest: max / 1e6,
  } satisfies LoopDelay);
});
process.channel?.unref();
