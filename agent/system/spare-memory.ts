import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Once the loop is at rest, it is left alone for this long before it is tidied up after. */
const quietMs = 15_000;
/** Of what the heap holds physically: below this growth there is little to be had. */
const worthBytes = 4 * 2 ** 20;
/** A larger heap takes longer to collect than everything else may wait. */
const mostUsedBytes = 48 * 2 ** 20;

/**
 * For the first collection, with V8's own values: the bytecode of what did not run since the last collection goes, most of which the start
 * alone needed, and what is left is moved together, so that whole pages become free.
 */
const thorough = {
  '--bytecode-old-age=1': '--bytecode-old-age=6',
  '--compact-on-every-full-gc': '--no-compact-on-every-full-gc',
};

const lastResort = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;

type Collect = (options: typeof lastResort) => void;

/**
 * Gives back what a look has left behind: V8 collects when memory runs short, which at rest it never does, and so would keep the
 * most that it ever needed. To be called whenever the loop goes to rest; it collects after the first look, thoroughly, and then only
 * where the heap has grown: every few looks.
 */
export function spareMemory(afterMs = quietMs): () => void {
  let kept = 0;
  let timer: NodeJS.Timeout | undefined;
  let collect: Collect | undefined;
  const tidy = () => {
    timer = undefined;
    const { total_physical_size: held, used_heap_size: used } = getHeapStatistics();
    if (held < kept + worthBytes || used > mostUsedBytes) return;
    collect ??= collector();
    if (kept === 0) collectThoroughly(collect);
    else collect?.(lastResort);
    kept = getHeapStatistics().total_physical_size;
  };
  return () => {
    timer ??= setTimeout(tidy, afterMs).unref();
  };
}

/** Twice: bytecode is as old as the collections since it ran. */
function collectThoroughly(collect: Collect | undefined): void {
  for (const flag of Object.keys(thorough)) setFlagsFromString(flag);
  try {
    collect?.(lastResort);
    collect?.(lastResort);
  } finally {
    for (const flag of Object.values(thorough)) setFlagsFromString(flag);
  }
}

/** V8's own, which it gives only to contexts that are made while this flag is on; one that does not costs memory and no more. */
function collector(): Collect | undefined {
  setFlagsFromString('--expose-gc');
  const collect: Collect | undefined = runInNewContext("typeof gc === 'function' ? gc : undefined");
  setFlagsFromString('--no-expose-gc');
  return collect;
}
