import test from 'ava';
import { keepPinging } from '../../../collector/notify/dead-mans-switch.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { readSecret } from '../../../collector/system/secret-files.ts';
import { until } from '../../helpers/testbed/until.ts';
import { file } from '../helpers/opened-channel.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { startedTelling } from '../helpers/started-telling.ts';

test('the dead man’s switch is asked for while all is well and not otherwise, whatever it answers, and is told of once', async (t) => {
  const [waits, elsewhere] = [await startReceiver(t), await startReceiver(t)];
  const clock = handClock(0);
  const told: string[] = [];
  const log = {
    ...silentLog,
    warn: (fields: object) => void told.push(String(Reflect.get(fields, 'reason'))),
    info: () => void told.push('reached'),
  };
  let isHealthy = true;
  let looks = 0;
  const stop = keepPinging(
    { urlFile: file(`${waits.url}/canary-ping\n`), everyMs: 60_000 },
    {
      readSecret,
      async isHealthy() {
        looks += 1;
        return isHealthy;
      },
      clock,
      log,
    },
  );
  t.teardown(stop);
  const pings = () => waits.received.length;
  await until('at the start', () => pings() === 1);
  t.like(waits.received[0], { method: 'GET', path: '/canary-ping' });
  /** Turn after turn, since one that is still under way has the next one left out. */
  const turns = (what: string, isSo: () => boolean) =>
    until(what, () => {
      if (isSo()) return true;
      clock.advance(60_000);
      return false;
    });
  await turns('again and again', () => pings() > 2);

  isHealthy = false;
  await turns('it is said', () => told.length > 0);
  const before = { pings: pings(), looks };
  await turns('it goes on looking', () => looks > before.looks + 3);
  t.is(pings(), before.pings, 'nobody is told that all is well');
  t.deepEqual(told, ['not healthy'], 'once');

  isHealthy = true;
  await turns('it is well again', () => pings() > before.pings && told.length === 2);
  waits.answer = (response) => void response.writeHead(302, { location: elsewhere.url }).end();
  await turns('a redirection is no sign that somebody waits', () => told.length === 3);
  t.is(elsewhere.received.length, 0, 'and is not followed');
  waits.answer = (response) => void response.end('ok');
  await turns('it is reached', () => told.length === 4);
  t.deepEqual(told, ['not healthy', 'reached', 'status 302', 'reached']);
  stop();
  t.is(clock.timers(), 0);
});

test('a collector that can keep nothing, or has not looked at the fleet for five minutes, asks for nothing', async (t) => {
  const [waits, hook] = [await startReceiver(t), await startReceiver(t)];
  let isFull = true;
  let isBroken = false;
  const { clock, asked } = await startedTelling(t, {
    channels: [{ name: 'hook', kind: 'webhook', url: `${hook.url}/` }],
    deadMansSwitch: file(`${waits.url}/ping\n`),
    isWritable: () => !isFull,
    silent() {
      if (isBroken) throw new Error('the fleet cannot be read');
      return [];
    },
  });
  const pings = () => waits.received.length;
  const passing = async (what: string, isSo: () => boolean) => {
    await until(
      what,
      () => {
        if (isSo()) return true;
        clock.advance(15_000);
        return false;
      },
      { everyMs: 5 },
    );
  };
  const looks = async (count: number) => {
    const before = asked();
    await passing('it looks', () => asked() >= before + count);
  };
  await looks(20);
  t.is(pings(), 0, 'nothing can be kept');
  isFull = false;
  await passing('all is well', () => pings() > 1);

  isBroken = true;
  // A look that had begun before is over then.
  await looks(2);
  const brokenAt = clock.monotonic();
  await passing('six minutes without a look', () => clock.monotonic() > brokenAt + 360_000);
  const before = pings();
  await passing('and six more', () => clock.monotonic() > brokenAt + 720_000);
  t.true(pings() <= before + 1, 'but for one that was on its way');
  isBroken = false;
  await passing('it is well again', () => pings() > before + 1);
});
