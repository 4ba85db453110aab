import type { Clock } from '../../ports.ts';

/** Ends a turn; more than once does nothing more. */
export type EndTurn = () => void;

/** Who waits for so many others is told to come again. */
const mostWaiting = 16;

/** One at a time. A turn is undefined where it did not come within `withinMs`, or too many wait already. */
export function takeTurns(clock: Pick<Clock, 'after'>): (withinMs: number) => Promise<EndTurn | undefined> {
  const waiting: ((turn: EndTurn | undefined) => void)[] = [];
  let isTaken = false;

  function turn(): EndTurn {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = waiting.shift();
      if (next) next(turn());
      else isTaken = false;
    };
  }

  return (withinMs) => {
    if (!isTaken) {
      isTaken = true;
      return Promise.resolve(turn());
    }
    if (waiting.length >= mostWaiting) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (given: EndTurn | undefined) => {
        cancel();
        resolve(given);
      };
      const cancel = clock.after(withinMs, () => {
        waiting.splice(waiting.indexOf(settle), 1);
        resolve(undefined);
      });
      waiting.push(settle);
    });
  };
}
