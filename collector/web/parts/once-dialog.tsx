import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

interface OnceDialogProps {
  readonly id: string;
  readonly title: string;
  /** What was told in it is a secret, and not kept once it is closed. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A button that opens a dialog of the same name. */
export function OnceDialog({ id, title, onClose, children }: OnceDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <div class="once no-print">
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {title}
      </button>
      <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
        <p class="close">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </p>
      </dialog>
    </div>
  );
}
