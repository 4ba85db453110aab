import type { Signal } from '@preact/signals';

/** Why somebody does what they are about to do: it is kept with it, and required. */
export function ReasonField({ name, reason }: { name: string; reason: Signal<string> }) {
  return (
    <label>
      Why, for the history{' '}
      <input
        type="text"
        name={name}
        required
        maxLength={500}
        autocomplete="off"
        onInput={({ currentTarget: { value } }) => {
          reason.value = value;
        }}
      />
    </label>
  );
}
