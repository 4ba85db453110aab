import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Sent } from '../live/send.ts';
import { OnceDialog } from './once-dialog.tsx';
import { Told } from './told.tsx';

interface NewByNameProps<Answer> {
  readonly id: string;
  readonly title: string;
  readonly name: Signal<string>;
  /** What is chosen besides the name. */
  readonly choices: ComponentChildren;
  /** On the button that asks for it. */
  readonly verb: string;
  readonly note?: string;
  readonly make: () => Promise<Sent<Answer>>;
  /** What the collector tells of it once. */
  readonly shown: (answer: Answer) => ComponentChildren;
  readonly made: () => void;
}

/** A dialog in which something is made that has a name; what came of it is shown until it is closed. */
export function NewByName<Answer>({ id, title, name, choices, verb, note, make, shown, made }: NewByNameProps<Answer>) {
  const sent = useSignal<Sent<Answer> | 'asking' | undefined>(undefined);
  const ask = async (): Promise<void> => {
    sent.value = 'asking';
    sent.value = await make();
    if (sent.value.ok) made();
  };
  const { value } = sent;
  return (
    <OnceDialog
      id={id}
      title={title}
      onClose={() => {
        sent.value = undefined;
        name.value = '';
      }}
    >
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (value !== 'asking') void ask();
        }}
      >
        <label class="choice">
          Name
          <input
            type="text"
            required
            maxLength={64}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={name.value}
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value;
            }}
          />
        </label>
        {choices}
        <button type="submit" class="firm">
          {verb}
        </button>
      </form>
      {note !== undefined && <p class="quiet">{note}</p>}
      <Told outcome={value === 'asking' || value?.ok === false ? value : undefined} />
      {typeof value === 'object' && value.ok && shown(value.answer)}
    </OnceDialog>
  );
}
