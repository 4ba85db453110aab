import test from 'ava';
import { createPace } from '@certherd/handshake/outside/pace';
import fc from '../../helpers/properties.ts';
import { handClock } from '../helpers/hand-clock.ts';

/** Tasks that end after `takesMs` of the hand's clock; when each began. */
function paced(pace: Parameters<typeof createPace>[0], addresses: readonly string[], takesMs: number) {
  const clock = handClock(0);
  const inTurn = createPace(pace, clock);
  const begun: { address: string; at: number }[] = [];
  const running = new Map<string, number>();
  let most = 0;
  let mostOfAddress = 0;
  for (const address of addresses)
    void inTurn(address, () => {
      begun.push({ address, at: clock.monotonic() });
      running.set(address, (running.get(address) ?? 0) + 1);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      mostOfAddress = Math.max(mostOfAddress, running.get(address) ?? 0);
      return new Promise<void>((resolve) => {
        clock.after(takesMs, () => {
          running.set(address, (running.get(address) ?? 1) - 1);
          resolve();
        });
      });
    });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      // an end is told by promises, which have their turn between two steps of the clock
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  };
  return { begun, pass, most: () => most, mostOfAddress: () => mostOfAddress };
}

test('handshakes keep to what may run at once and to their rates, in all and at one address', async (t) => {
  const pace = { perSecond: 50, perSecondOfAddress: 10, atOnce: 8, atOnceOfAddress: 2 };
  const addresses = Array.from({ length: 200 }, (_, index) => (index < 100 ? 'one' : `of many ${index % 10}`));
  const run = paced(pace, addresses, 30);
  await run.pass(5_000);
  t.true(run.most() <= 8 && run.mostOfAddress() <= 2);
  for (const [what, list, rate] of [
    ['all', run.begun, 50],
    ['one address', run.begun.filter(({ address }) => address === 'one'), 10],
  ] as const)
    for (const { at } of list) {
      const within = list.filter((other) => other.at >= at && other.at < at + 1000).length;
      t.true(within <= rate * 1.25 + 1, `${within} of ${what} within a second`);
    }
  t.true(run.begun.filter(({ address }) => address !== 'one').length === 100, 'nobody waits for the slow address');
  await run.pass(20_000);
  t.is(run.begun.length, 200);
});

test('a task that rejects gives its place free', async (t) => {
  const clock = handClock(0);
  const inTurn = createPace({ perSecond: 1000, perSecondOfAddress: 1000, atOnce: 1, atOnceOfAddress: 1 }, clock);
  await t.throwsAsync(
    inTurn('a', () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.is(await inTurn('b', async () => 7), 7);
});

test('every task has its turn, whatever the addresses and limits', async (t) => {
  const limit = fc.integer({ min: 1, max: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 }),
      fc.record({
        perSecond: limit.map((n) => n * 20),
        perSecondOfAddress: limit.map((n) => n * 10),
        atOnce: limit,
        atOnceOfAddress: limit,
      }),
      async (addresses, pace) => {
        const run = paced(pace, addresses, 20);
        await run.pass(6_000);
        t.is(run.begun.length, addresses.length);
        t.true(run.most() <= pace.atOnce && run.mostOfAddress() <= pace.atOnceOfAddress);
      },
    ),
    { numRuns: 25 },
  );
});
