import { setImmediate as othersTurn } from 'node:timers/promises';
import test from 'ava';
import { textStream } from '../../../collector/serve/api/json-stream.ts';

test('others have their turn while a short text is made with much work, and not for each piece of one with little', async (t) => {
  t.true((await turnsWhile(5)) >= 30);
  t.true((await turnsWhile(-5)) >= 30, 'also while a clock is set back');
  t.true((await turnsWhile(0)) < 15);
});

/** How many turns others have while thirty short pieces are read, each of which takes so many milliseconds. */
async function turnsWhile(pieceMs: number): Promise<number> {
  let at = 0;
  let turns = 0;
  let ended = false;
  const others = (async () => {
    for (; !ended; turns += 1) await othersTurn();
  })();
  const pieces = function* () {
    for (let piece = 0; piece < 30; piece += 1) {
      at += pieceMs;
      yield 'x';
    }
  };
  await textStream(pieces(), () => at).toArray();
  ended = true;
  await others;
  return turns;
}
