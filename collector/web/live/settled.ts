import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * A value that changes often, at most once in `ms` milliseconds: its first and its last are never left out. For what
 * costs too much to make anew at each change.
 */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  latest.current = value;
  useEffect(() => {
    if (value === shown || waiting.current !== undefined) return;
    waiting.current = setTimeout(() => {
      waiting.current = undefined;
      setShown(() => latest.current);
    }, ms);
  }, [value, shown, ms]);
  useEffect(() => () => clearTimeout(waiting.current), []);
  return shown;
}
