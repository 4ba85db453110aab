import test from 'ava';
import { coalesced } from '../../../../collector/web/live/coalesce.ts';

test('requests that arrive during the work become one more, and never two at the same time', async (t) => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const finish: (() => void)[] = [];
  const begun: (() => void)[] = [];
  const request = coalesced(async () => {
    running += 1;
    runs += 1;
    most = Math.max(most, running);
    begun.shift()?.();
    await new Promise<void>((resolve) => finish.push(resolve));
    running -= 1;
  }, 0);
  const next = () => new Promise<void>((resolve) => begun.push(resolve));

  const first = next();
  request();
  await first;
  const second = next();
  for (let time = 0; time < 50; time += 1) request();
  finish.shift()?.();
  await second;
  t.is(runs, 2);

  const third = next();
  finish.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  t.is(runs, 2, 'nothing was asked for meanwhile');
  request();
  await third;
  finish.shift()?.();
  t.is(runs, 3);
  t.is(most, 1);
});
