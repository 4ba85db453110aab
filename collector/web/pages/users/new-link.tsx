import { CopyCommand } from '../../parts/copy-command.tsx';
import { Raw } from '../../parts/raw.tsx';
import { absolute } from '../../../wording/duration.ts';

/** A link that sets a password, as it is given to somebody. */
export function NewLink({ name, path, expiresAt }: { name: string; path: string; expiresAt: string }) {
  return (
    <div class="commands" aria-live="polite">
      <p>
        Give this link to <Raw text={name} />. It sets their password, once, until {absolute(expiresAt)}, and is shown
        this once:
      </p>
      <CopyCommand command={new URL(path, location.origin).href} label="the link" />
    </div>
  );
}
