import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** `failed`: the collector did not answer; what it said before stays. */
export interface Asked<T> {
  readonly answer: T | undefined;
  readonly failed: boolean;
}

const againMs = 60_000;

/** Asks the API while a page is open, again each minute, and again whenever the address, or the turn, changes. */
export function useAsked<T extends { version: 1 }>(address: string, turn = 0): ReadonlySignal<Asked<T>> {
  const asked = useSignal<Asked<T>>({ answer: undefined, failed: false });
  useEffect(() => {
    const gone = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(address, { signal: gone.signal, cache: 'no-cache' });
        const answer: T | undefined = response.ok ? await response.json() : undefined;
        asked.value = answer?.version === 1 ? { answer, failed: false } : { answer: asked.value.answer, failed: true };
      } catch {
        if (!gone.signal.aborted) asked.value = { answer: asked.value.answer, failed: true };
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), againMs);
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }, [address, turn, asked]);
  return asked;
}
