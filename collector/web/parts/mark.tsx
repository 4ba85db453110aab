import type { ComponentChildren } from 'preact';
import type { Tone } from '../../wording/words.ts';

/** A status by shape, colour and word: a full disc, a triangle, an octagon, a hollow ring. */
export function Mark({ tone, word }: { tone: Tone; word: string }) {
  return (
    <span class={`mark ${tone}`}>
      <Shape tone={tone} />
      {word}
    </span>
  );
}

/** The shape alone; the word has to stand beside it. */
export function Shape({ tone }: { tone: Tone }) {
  return (
    <svg class={`shape ${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[tone]}
    </svg>
  );
}

const drawings: Readonly<Record<Tone, ComponentChildren>> = {
  good: (
    <>
      <circle cx="8" cy="8" r="7.2" class="body" />
      <path d="M4.6 8.4l2.3 2.3 4.6-4.9" class="line" />
    </>
  ),
  warning: (
    <>
      <path d="M8 .9l7.4 13.6H.6z" class="body" />
      <path d="M8 5.6v4.2M8 11.6v1.4" class="line" />
    </>
  ),
  critical: (
    <>
      <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" class="body" />
      <path d="M8 3.8v5.2M8 10.8v1.6" class="line" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="6.6" class="ring" />
      <path d="M6 6.3a2 2 0 1 1 2.9 1.8C8.2 8.5 8 8.9 8 9.5M8 11v1.2" class="stroke" />
    </>
  ),
  notice: (
    <>
      <circle cx="8" cy="8" r="6.6" class="outline" />
      <path d="M8 7.2v4.4M8 4.2v1.4" class="stroke" />
    </>
  ),
};
