import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { printable } from '../../evaluate/printable.ts';
import { Raw } from './raw.tsx';

/**
 * A command to run, with a copy button. Text that holds hidden characters cannot be copied: what lands in the
 * terminal would not be what is read here.
 */
export function CopyCommand({ command, label, where }: { command: string; label: string; where?: string }) {
  const copied = useSignal<'no' | 'yes' | 'refused'>('no');
  useEffect(() => {
    if (copied.value === 'no') return undefined;
    const back = setTimeout(() => {
      copied.value = 'no';
    }, 2500);
    return () => clearTimeout(back);
  }, [copied.value]);
  const shown = printable(command);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      copied.value = 'yes';
    } catch {
      copied.value = 'refused';
    }
  };
  return (
    <div class="command">
      {where !== undefined && (
        <span class="on-host">
          on <Raw text={where} limit={80} />
        </span>
      )}
      <code>
        <bdi>{shown}</bdi>
      </code>
      {shown === command ? (
        <button type="button" onClick={() => void copy()}>
          <span aria-live="polite">{buttonWords[copied.value]}</span>
          <span class="unseen"> {label}</span>
        </button>
      ) : (
        <span class="quiet">Holds hidden characters: not to be copied.</span>
      )}
    </div>
  );
}

const buttonWords = { no: 'Copy', yes: 'Copied', refused: 'Select it instead' };
