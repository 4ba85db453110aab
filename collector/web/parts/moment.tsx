import type { ReadonlySignal } from '@preact/signals';
import { absolute, ago } from '../../wording/duration.ts';

/** The collector's time, handed down to whatever ticks. */
export type Now = ReadonlySignal<number>;

/** An instant as relative text that ticks, with the absolute instant on hover and for programs. */
export function Moment({ instant, now }: { instant: string; now: Now }) {
  return (
    <time dateTime={instant} title={absolute(instant)}>
      {ago(now.value - Date.parse(instant))}
    </time>
  );
}

/** An instant as a date, the time of day on hover. */
export function Day({ instant }: { instant: string }) {
  return (
    <time dateTime={instant} title={absolute(instant)}>
      {instant.slice(0, 10)}
    </time>
  );
}
