import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds that each answer took, of those that came: a refused connection is counted apart. */
export interface Readings {
  ms: number[];
  failed: number;
}

/** An answer that takes longer has failed. */
const patienceMs = 60_000;

/** Reads `path` again and again, as an open page or a monitor does, until it is told to end. */
export function startReader(web: string, path: string, everyMs: number): () => Promise<Readings> {
  const readings: Readings = { ms: [], failed: 0 };
  const stopping = new AbortController();
  const reading = (async () => {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      try {
        const response = await fetch(new URL(path, web), { signal: AbortSignal.timeout(patienceMs) });
        const reader = response.body?.getReader();
        while (reader && !(await reader.read()).done);
        if (response.ok) readings.ms.push(performance.now() - began);
        else readings.failed += 1;
      } catch {
        readings.failed += 1;
      }
      await pause(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return async () => {
    stopping.abort();
    await reading;
    return readings;
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
