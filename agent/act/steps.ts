import type { Step } from '@certherd/protocol/event';
import type { Clock } from '../ports.ts';

/** Keeps what an action did: each step with its duration and whether it went well. */
export interface Steps {
  readonly done: Step[];
  /** Runs one step; `detailOf` words what it found, where there is something to say. */
  run<T>(step: string, work: () => Promise<T> | T, judge: (value: T) => { ok: boolean; detail?: string }): Promise<T>;
}

export function recordSteps(clock: Clock, progress: (line: string) => void): Steps {
  const done: Step[] = [];
  return {
    done,
    run: async (step, work, judge) => {
      progress(`${step} …`);
      const began = clock.monotonic();
      const value = await work();
      const durationMs = Math.round((clock.monotonic() - began) * 10) / 10;
      const { ok, detail } = judge(value);
      done.push({ step, ok, durationMs, ...(detail && { detail: detail.slice(0, 4000) }) });
      progress(`${step}: ${ok ? 'ok' : 'failed'}, ${Math.round(durationMs)} ms${detail ? ` (${detail})` : ''}`);
      return value;
    },
  };
}
