import test from 'ava';
import { startService } from '../../collector/service.ts';
import { handClock } from './helpers/hand-clock.ts';

test('the collector is ready with its status, gives signs of life with a new one, and says that it stops', async (t) => {
  const clock = handClock(0);
  const heard: string[] = [];
  const notify = (state: readonly string[]) => {
    heard.push(state.join(' '));
    return Promise.resolve();
  };
  const told = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return heard.splice(0);
  };
  let connected = 0;
  const service = startService(clock, { watchdogMs: 120_000, notify }, () => `${connected} connected`);
  t.deepEqual(await told(), ['READY=1 STATUS=0 connected']);
  connected = 2;
  clock.advance(59_000);
  t.deepEqual(await told(), []);
  clock.advance(61_000);
  t.deepEqual(await told(), ['WATCHDOG=1 STATUS=2 connected', 'WATCHDOG=1 STATUS=2 connected']);
  await service.stopping();
  clock.advance(600_000);
  t.deepEqual(await told(), ['STOPPING=1 STATUS=stopping']);
});

test('a collector without a service manager, or without a watchdog, sets no timer', async (t) => {
  const clock = { ...handClock(0), after: () => (t.fail('a timer'), () => {}) };
  await startService(clock, undefined, () => 'x').stopping();
  await startService(clock, { notify: () => Promise.resolve() }, () => 'x').stopping();
  t.pass();
});
