import test from 'ava';
import fc from '../../helpers/properties.ts';
import { heldCeiling, heldFailures, isLogged, reconnectDelay } from '../../../agent/report/reconnect.ts';

test('the wait is spread from nothing to a ceiling that doubles up to 300 s', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const delay = reconnectDelay(failures, random);
      t.true(delay >= 0 && delay <= Math.min(300_000, 1000 * 2 ** failures));
    }),
  );
});

test('a collector that starts, or that a whole fleet comes back to, is asked again within seconds for some minutes', (t) => {
  const longest = Array.from({ length: 60 }, (_, failures) => reconnectDelay(failures, 1) / 1000);
  t.deepEqual(longest.slice(0, 5), [1, 2, 4, heldCeiling, heldCeiling]);
  t.is(Math.max(...longest.slice(0, heldFailures + 1)), heldCeiling);
  t.deepEqual(longest.slice(heldFailures + 1, heldFailures + 7), [16, 32, 64, 128, 256, 300]);
  t.is(longest.at(-1), 300);
});

test('of tries in vain that follow one another within seconds the log tells ever fewer, and of long waits each', (t) => {
  const logged = Array.from({ length: 37 }, (_, failures) => failures).filter(isLogged);
  t.deepEqual(logged, [0, 1, 2, 4, 8, 16, 32, 33, 34, 35, 36]);
});

test('a hint of the collector is the least wait, and is spread', (t) => {
  const refused = { reason: 'try-later' as const, retryAfterSeconds: 20 };
  t.is(reconnectDelay(0, 0, refused), 20_000);
  t.is(reconnectDelay(0, 1, refused), 40_000);
});

test('a refusal that only a person can end is asked again at leisure', (t) => {
  t.true(reconnectDelay(0, 0, { reason: 'revoked' }) >= 150_000);
});
