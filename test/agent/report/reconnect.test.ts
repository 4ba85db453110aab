import test from 'ava';
import fc from '../../helpers/properties.ts';
import { reconnectDelay } from '../../../agent/report/reconnect.ts';

test('the wait is spread from nothing to a ceiling that doubles up to 300 s', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const delay = reconnectDelay(failures, random);
      t.true(delay >= 0 && delay <= Math.min(300_000, 1000 * 2 ** failures));
    }),
  );
});

test('a hint of the collector is the least wait, and is spread', (t) => {
  const refused = { reason: 'try-later' as const, retryAfterSeconds: 20 };
  t.is(reconnectDelay(0, 0, refused), 20_000);
  t.is(reconnectDelay(0, 1, refused), 40_000);
});

test('a refusal that only a person can end is asked again at leisure', (t) => {
  t.true(reconnectDelay(0, 0, { reason: 'revoked' }) >= 150_000);
});
