import { setImmediate as othersTurn } from 'node:timers/promises';
import test from 'ava';
import { repeat } from '../../../../collector/web/live/repeat.ts';
import { handClock } from '../../helpers/hand-clock.ts';

test('what is asked again and again waits for the answer first, and rests as long as the answer says', async (t) => {
  const clock = handClock(0);
  const answers: (() => void)[] = [];
  const stop = repeat(
    () => new Promise<void>((resolve) => void answers.push(resolve)),
    () => answers.length * 1000,
    (ms, task) => clock.after(ms, task),
  );
  clock.advance(60_000);
  t.is(answers.length, 1, 'no answer yet');
  answers[0]?.();
  await othersTurn();
  clock.advance(999);
  t.is(answers.length, 1);
  clock.advance(1);
  t.is(answers.length, 2);
  answers[1]?.();
  await othersTurn();
  stop();
  clock.advance(60_000);
  t.is(answers.length, 2);
});
