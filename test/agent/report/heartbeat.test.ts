import test from 'ava';
import { startHeartbeat } from '../../../agent/report/heartbeat.ts';
import { handClock } from '../../collector/helpers/hand-clock.ts';

test('a heartbeat is answered at once, one that follows it too soon is not, and two that are missing are not waited for', (t) => {
  const clock = handClock(0);
  let beats = 0;
  const heartbeat = startHeartbeat(clock, { beat: () => void (beats += 1), silent: () => t.fail('it is not silent') });
  heartbeat.beaten();
  t.is(beats, 0, 'nothing before the welcome');
  heartbeat.every(10_000);
  for (const beaten of [1, 2, 3]) {
    clock.advance(10_000);
    for (let again = 0; again < 3; again += 1) {
      heartbeat.heard();
      heartbeat.beaten();
    }
    t.is(beats, beaten);
  }
  clock.advance(20_900);
  t.is(beats, 3);
  clock.advance(100);
  t.is(beats, 4);
  heartbeat.heard();
  heartbeat.stop();
  t.is(clock.timers(), 0);
});
