import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import type { HostView } from '../../../serve/estate.ts';
import type { TargetBody } from '../../../serve/inventory-bodies.ts';
import { printable } from '../../../evaluate/printable.ts';
import { sendChange } from '../../live/change.ts';
import { Raw } from '../../parts/raw.tsx';

const intervals = [
  [300, '5 min'],
  [900, '15 min'],
  [3_600, '1 h'],
  [21_600, '6 h'],
  [86_400, '1 d'],
] as const;

/** Has one more name or address asked from outside. */
export function AddTarget({ hosts }: { hosts: readonly HostView[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const target = useSignal('');
  const every = useSignal<number>(3_600);
  const from = useSignal('collector');
  const says = useSignal('');
  const add = async (): Promise<void> => {
    const body: TargetBody = { target: target.value.trim(), everySeconds: every.value, from: from.value };
    const sent = await sendChange({ method: 'POST', path: 'targets', body });
    says.value = sent.ok ? '' : sent.why;
    if (!sent.ok) return;
    target.value = '';
    dialog.current?.close();
  };
  return (
    <div class="beside">
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Add a target
      </button>
      <dialog ref={dialog} aria-labelledby={title} onClose={() => (says.value = '')}>
        <h2 id={title}>Add a target</h2>
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (target.value.trim() !== '') void add();
          }}
        >
          <label>
            A name or an address
            <input
              type="text"
              maxLength={2000}
              autocomplete="off"
              spellcheck={false}
              placeholder="shop.example.com, shop.example.com:8443, smtp://mail.example.com"
              value={target.value}
              onInput={({ currentTarget: { value } }) => (target.value = value)}
            />
          </label>
          <label>
            Asked every
            <select
              value={String(every.value)}
              onChange={({ currentTarget: { value } }) => (every.value = Number(value))}
            >
              {intervals.map(([seconds, words]) => (
                <option key={seconds} value={String(seconds)}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label>
            Seen from
            <select value={from.value} onChange={({ currentTarget: { value } }) => (from.value = value)}>
              <option value="collector">the collector</option>
              {hosts
                .filter(({ revokedAt }) => revokedAt === undefined)
                .map(({ agentId, name }) => (
                  <option key={agentId} value={agentId}>
                    {printable(name)}
                  </option>
                ))}
            </select>
          </label>
          <output aria-live="assertive">
            {says.value !== '' && (
              <>
                Not added: <Raw text={says.value} limit={1000} />
              </>
            )}
          </output>
          <p class="form-buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" class="firm" aria-disabled={target.value.trim() === ''}>
              Add it
            </button>
          </p>
        </form>
      </dialog>
    </div>
  );
}
