import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** What an address answered; undefined while it is asked. */
export type Fetched<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false } | undefined;

/** Asks an address of the collector once, and again when it, or `version`, is another; `read` makes of the answer what is wanted, or throws. */
export function useFetched<Value>(
  path: string,
  read: (response: Response) => Promise<Value>,
  version = '',
): Fetched<Value> {
  const fetched = useSignal<{ readonly path: string; readonly as: Fetched<Value> } | undefined>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    const told = (as: Fetched<Value>): void => {
      if (!leaving.signal.aborted) fetched.value = { path, as };
    };
    void fetch(path, { signal: leaving.signal, cache: 'no-store' })
      .then(async (response) => {
        if (!response.ok) throw new Error(String(response.status));
        told({ ok: true, value: await read(response) });
      })
      .catch(() => told({ ok: false }));
    return () => leaving.abort();
  }, [path, version, fetched]);
  return fetched.value?.path === path ? fetched.value.as : undefined;
}
