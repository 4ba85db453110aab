import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** `failed`: the collector did not answer; what it said before stays. */
export interface Asked<T> {
  readonly answer: T | undefined;
  /** The address that gave the answer. */
  readonly of: string | undefined;
  readonly failed: boolean;
}

const minuteMs = 60_000;

/** Asks the API while a page is open, again each minute unless told, and again whenever the address or `turn` changes. */
export function useAsked<T extends { version: 1 }>(
  address: string,
  turn = 0,
  againMs = minuteMs,
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
    void ask();
    const timer = setInterval(() => void ask(), againMs);
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }, [address, turn, againMs, asked]);
  return asked;
}
