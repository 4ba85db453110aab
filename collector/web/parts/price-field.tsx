import { useSignal } from '@preact/signals';

interface PriceFieldProps {
  readonly label: string;
  /** undefined: none is written. */
  readonly value: number | undefined;
  /** What counts as long as none is written. */
  readonly otherwise?: string;
  /** undefined: it was emptied. */
  readonly change: (price: number | undefined) => void;
}

/** A price that a person writes. What is no number from 0 on is not taken; news from the collector does not touch what is being typed. */
export function PriceField({ label, value, otherwise = '', change }: PriceFieldProps) {
  const typed = useSignal<string | undefined>(undefined);
  return (
    <input
      class="price"
      type="number"
      min="0"
      max="10000000"
      step="any"
      inputmode="decimal"
      aria-label={label}
      placeholder={otherwise}
      value={typed.value ?? value ?? ''}
      onInput={({ currentTarget }) => {
        typed.value = currentTarget.value;
      }}
      onChange={({ currentTarget: { value: text } }) => {
        typed.value = undefined;
        const price = text === '' ? undefined : Number(text);
        if (price === undefined || (Number.isFinite(price) && price >= 0)) change(price);
      }}
    />
  );
}
