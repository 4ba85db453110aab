import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** V8's compilers for functions that run often, by the names of their flags. */
const compilers = ['opt', 'maglev', 'sparkplug'];
/** In use at rest on a host with hundreds of certificates; one with twenty has 15 MB and, before it is tidied up after, 25. */
const largeBytes = 32 * 2 ** 20;

/** Has V8 interpret everything from here on. What it compiled before stays. */
export function interpretOnly(): void {
  for (const name of compilers) setFlagsFromString(`--no-${name}`);
}

/**
 * Leaves V8's compilers alone until they are worth it: a small host looks for some 50 ms in five minutes, in which they save nothing, and they take
 * 2 MB for what they make and 8 MB of the executable for themselves. To be called whenever the loop goes to rest: where the heap is
 * that of a large host they are let at it for good.
 */
export function compileWhereLarge(): () => void {
  interpretOnly();
  let isLarge = false;
  return () => {
    if (isLarge || getHeapStatistics().used_heap_size < largeBytes) return;
    isLarge = true;
    for (const name of compilers) setFlagsFromString(`--${name}`);
  };
}
