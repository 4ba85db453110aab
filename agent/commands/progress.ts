import type { Dialer } from '../ports.ts';

/** Nothing is shown of a look that is over before. */
const silentMs = 1000;
const betweenMs = 200;

export interface Progress {
  /** The dialer, with what it was asked counted. */
  dial: Dialer;
  /** So many endpoints are to be asked. */
  expect(endpoints: number): void;
  /** Erases the line. */
  end(): void;
}

/**
 * One line that tells how far the handshakes are, from one second on, erased at the end. `after` runs a task once after so many
 * milliseconds, and its answer cancels that. Give it a `write` only where a person watches.
 */
export function progressOf(
  dial: Dialer,
  after: (ms: number, task: () => void) => () => void,
  write: ((text: string) => void) | undefined,
): Progress {
  if (!write) return { dial, expect: () => {}, end: () => {} };
  const answered = new Set<string>();
  let expected = 0;
  let isShown = false;
  const show = () => {
    const asked = Math.min(answered.size, expected);
    const rest = answered.size > expected ? ', once more where answers may differ' : '';
    if (expected > 0) write(`\r\u001b[Kasked ${asked} of ${expected} endpoints${rest}`);
    isShown ||= expected > 0;
    cancel = after(betweenMs, show);
  };
  let cancel = after(silentMs, show);
  return {
    dial: async (target) => {
      const answer = await dial(target);
      answered.add(`${target.serverName} ${target.address} ${target.port}`);
      return answer;
    },
    expect: (endpoints) => {
      expected = endpoints;
    },
    end: () => {
      cancel();
      if (isShown) write('\r\u001b[K');
    },
  };
}
