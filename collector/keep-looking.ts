import { messageOf } from './failure.ts';
import type { Ports } from './ports.ts';

export interface Looking {
  stop: () => void;
  isStopped: () => boolean;
}

/** Looks at once, and again `everyMs` after each look has ended. One that fails is warned of in the words `failed`, and nothing else comes of it. */
export function keepLooking(
  { clock, log }: Ports,
  everyMs: number,
  look: () => Promise<void>,
  failed: string,
): Looking {
  let stopped = false;
  let cancel = clock.after(0, begin);
  return {
    stop() {
      stopped = true;
      cancel();
    },
    isStopped: () => stopped,
  };

  function begin(): void {
    look()
      .catch((error: unknown) => log.warn({ detail: messageOf(error) }, failed))
      .finally(() => {
        if (!stopped) cancel = clock.after(everyMs, begin);
      });
  }
}
