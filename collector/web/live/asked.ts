import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { repeat } from './repeat.ts';

/** `failed`: the collector did not answer; what it said before stays. */
export interface Asked<T> {
  readonly answer: T | undefined;
  /** The address that gave the answer. */
  readonly of: string | undefined;
  readonly failed: boolean;
}

const minuteMs = 60_000;

/**
 * Asks the API while a page is open, again a minute after each answer unless told, and again whenever the address or `turn` changes. `againMs` may follow
 * from the last answer; a function has to be the same one each time.
 */
export function useAsked<T extends { version: 1 }>(
  address: string,
  turn = 0,
  againMs: number | ((answer: T | undefined) => number) = minuteMs,
): ReadonlySignal<Asked<T>> {
  const asked = useSignal<Asked<T>>({ answer: undefined, of: undefined, failed: false });
  useEffect(() => {
    const gone = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(address, { signal: gone.signal, cache: 'no-cache' });
        const answer: T | undefined = response.ok ? await response.json() : undefined;
        asked.value = answer?.version === 1 ? { answer, of: address, failed: false } : { ...asked.value, failed: true };
      } catch {
        if (!gone.signal.aborted) asked.value = { ...asked.value, failed: true };
      }
    };
    const stop = repeat(ask, () => (typeof againMs === 'number' ? againMs : againMs(asked.value.answer)));
    return () => {
      stop();
      gone.abort();
    };
  }, [address, turn, againMs, asked]);
  return asked;
}
