import { setImmediate as othersTurn } from 'node:timers/promises';
import test from 'ava';
import { textStream } from '../../../collector/serve/api/json-stream.ts';

test('others have their turn while a short text is made with much work', async (t) => {
  let turns = 0;
  let ended = false;
  const others = (async () => {
    while (!ended) {
      await othersTurn();
      turns += 1;
    }
  })();
  let text = '';
  for await (const chunk of textStream(laboured())) text += chunk;
  ended = true;
  await others;
  t.is(text, 'x'.repeat(30));
  t.true(turns >= 10, `${turns}`);
});

/** Each piece takes five milliseconds. */
function* laboured(): Generator<string> {
  for (let piece = 0; piece < 30; piece += 1) {
    const until = performance.now() + 5;
    while (performance.now() < until);
    yield 'x';
  }
}
