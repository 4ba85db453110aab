import test from 'ava';
import fc from 'fast-check';
import { lifeLeft, renewalOf } from '../../../agent/decide/renewal-time.ts';
import { certificate, day } from '../../helpers/observed.ts';

const hex = fc
  .array(fc.constantFrom(...'0123456789abcdef'.split('')), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(''));

test('the instant lies inside the window, the window inside the life, and both are the same at every look', (t) => {
  fc.assert(
    fc.property(hex, fc.integer({ min: 60, max: 400 * 86_400 }), (fingerprint, seconds) => {
      const begin = Date.parse('2026-01-01T00:00:00.000Z');
      const one = certificate('a', {
        fingerprint,
        notBefore: new Date(begin).toISOString(),
        notAfter: new Date(begin + seconds * 1000).toISOString(),
      });
      const renewal = renewalOf(one);
      t.deepEqual(renewalOf(one), renewal);
      t.true(renewal.windowStart <= renewal.at && renewal.at <= renewal.windowEnd);
      const left = lifeLeft(one, Date.parse(renewal.at));
      const [most, least] = seconds * 1000 < 10 * day ? [0.5, 0.466] : [1 / 3, 0.299];
      t.true(left <= most + 0.001 && left >= least - 0.001, `${left} of ${seconds} s`);
    }),
    { numRuns: 300 },
  );
});

test('lifetimes from 160 hours to 398 days are renewed at the share of life that the CAs ask for', (t) => {
  for (const [life, share] of [
    [160 / 24, 1 / 2],
    [45, 1 / 3],
    [47, 1 / 3],
    [64, 1 / 3],
    [90, 1 / 3],
    [398, 1 / 3],
  ] as const) {
    const begin = Date.parse('2026-01-01T00:00:00.000Z');
    const one = certificate('0', {
      notBefore: new Date(begin).toISOString(),
      notAfter: new Date(begin + life * day).toISOString(),
    });
    t.true(Math.abs(lifeLeft(one, Date.parse(renewalOf(one).at)) - share) < 0.001, `${life} days`);
  }
});
