import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { IncidentView } from '../../serve/api/inventory-views.ts';
import type { AcknowledgeBody, SilenceBody } from '../../serve/inventory-bodies.ts';
import { printable } from '../../evaluate/printable.ts';
import { silenceables } from '../../present/answers.ts';
import type { Need } from '../../present/needs.ts';
import type { Change } from '../live/change.ts';

interface AnswerFormProps {
  readonly what: 'acknowledge' | 'silence';
  readonly need: Need;
  readonly incident: IncidentView | undefined;
  readonly send: (change: Change) => Promise<void>;
  readonly leave: () => void;
}

const spans = [
  [1, '1 h'],
  [4, '4 h'],
  [24, '1 d'],
  [72, '3 d'],
  [168, '7 d'],
] as const;

/** Asks why, and for a silence what and how long. Escape leaves it. */
export function AnswerForm({ what, need, incident, send, leave }: AnswerFormProps) {
  const reason = useSignal('');
  const hours = useSignal<number>(4);
  const chosen = useSignal(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const choices = silenceables(need, incident);
  const isReady = reason.value.trim() !== '';
  return (
    <form
      class="form answer-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void send(asked());
      }}
      onKeyDown={({ key }) => key === 'Escape' && leave()}
    >
      <label>
        Why, for the others
        <input
          ref={field}
          type="text"
          maxLength={500}
          autocomplete="off"
          value={reason.value}
          onInput={({ currentTarget: { value } }) => (reason.value = value)}
        />
      </label>
      {what === 'silence' && (
        <>
          <label>
            What is told to nobody
            <select
              value={String(chosen.value)}
              onChange={({ currentTarget: { value } }) => (chosen.value = Number(value))}
            >
              {choices.map(({ words }, index) => (
                <option key={words} value={String(index)}>
                  {printable(words)}
                </option>
              ))}
            </select>
          </label>
          <label>
            For how long
            <select
              value={String(hours.value)}
              onChange={({ currentTarget: { value } }) => (hours.value = Number(value))}
            >
              {spans.map(([count, words]) => (
                <option key={count} value={String(count)}>
                  {words}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <p class="form-buttons">
        <button type="button" onClick={leave}>
          Leave it
        </button>
        <button type="submit" class="firm" aria-disabled={!isReady}>
          {what === 'silence' ? 'Silence it' : 'Take it on'}
        </button>
      </p>
    </form>
  );

  function asked(): Change {
    if (what === 'acknowledge') {
      const body: AcknowledgeBody = { reason: reason.value.trim() };
      return { method: 'POST', path: `incidents/${incident?.id}/acknowledgement`, body };
    }
    const { match } = choices[chosen.value] ?? { match: { host: need.hostName } };
    const body: SilenceBody = { match, forSeconds: hours.value * 3_600, reason: reason.value.trim() };
    return { method: 'POST', path: 'silences', body };
  }
}
