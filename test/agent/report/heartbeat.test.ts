import test from 'ava';
import { startHeartbeat } from '../../../agent/report/heartbeat.ts';

test('a heartbeat is answered at once, one that follows it too soon is not, and two that are missing are not waited for', (t) => {
  let now = 0;
  let beats = 0;
  const timers = new Set<{ at: number; task: () => void }>();
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      const timer = { at: now + ms, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const pass = (ms: number) => {
    now += ms;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.task();
  };
  const heartbeat = startHeartbeat(clock, { beat: () => void (beats += 1), silent: () => t.fail('it is not silent') });
  heartbeat.beaten();
  t.is(beats, 0, 'nothing before the welcome');
  heartbeat.every(10_000);
  for (const beaten of [1, 2, 3]) {
    pass(10_000);
    for (let again = 0; again < 3; again += 1) {
      heartbeat.heard();
      heartbeat.beaten();
    }
    t.is(beats, beaten);
  }
  pass(20_900);
  t.is(beats, 3);
  pass(100);
  t.is(beats, 4);
  heartbeat.heard();
  heartbeat.stop();
  t.is(timers.size, 0);
});
