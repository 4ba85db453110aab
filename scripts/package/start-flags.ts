import { youngHeapFlag } from '../../agent/system/young-heap.ts';
import type { App } from './targets.ts';

/** Collecting and compiling on the thread that works, where V8 would wake others for moments of it (decision 60). */
const fewThreads = [
  '--no-parallel-scavenge',
  '--no-concurrent-sparkplug',
  '--no-concurrent-recompilation',
  '--no-memory-reducer',
];

/** In MiB: V8's own bound follows the machine's memory, and came to 64 here, two halves of which stay committed (decision 88). */
const collectorsYoungHeap = '--max-semi-space-size=8';

/**
 * The flags that each binary starts Node and V8 with, whatever command it runs. The one place for them. NODE_OPTIONS and the like
 * do not count in a binary. No --use-system-ca and no --use-env-proxy: the agent reads the system's roots and the proxy itself, the
 * same way as from a clone.
 */
export const startFlags: Readonly<Record<App, readonly string[]>> = {
  agent: [youngHeapFlag, ...fewThreads],
  collector: [collectorsYoungHeap],
};
