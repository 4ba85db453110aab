import { Shape } from './mark.tsx';
import { Raw } from './raw.tsx';

/** What came of what somebody asked for; undefined: nothing was asked yet. */
export type Outcome = { readonly done: string } | { readonly why: string } | 'asking' | undefined;

/** An outcome in words, told to whoever listens too. */
export function Told({ outcome }: { outcome: Outcome }) {
  return (
    <output class="told" aria-live="polite">
      {outcome === 'asking' && 'Asking…'}
      {typeof outcome === 'object' && 'done' in outcome && (
        <>
          <Shape tone="good" /> <Raw text={outcome.done} />
        </>
      )}
      {typeof outcome === 'object' && 'why' in outcome && (
        <>
          <Shape tone="warning" /> Not done: <Raw text={outcome.why} limit={1000} />
        </>
      )}
    </output>
  );
}
