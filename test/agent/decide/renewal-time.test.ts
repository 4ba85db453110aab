import test from 'ava';
import fc from '../../helpers/properties.ts';
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

const begin = Date.parse('2026-01-01T00:00:00.000Z');
const ninety = (mark: string) =>
  certificate(mark, { notBefore: new Date(begin).toISOString(), notAfter: new Date(begin + 90 * day).toISOString() });
const suggesting = (
  one: { fingerprint: string },
  window: { start: number; end: number; from?: number; explanation?: string },
) => new Map([[one.fingerprint, { from: begin, ...window }]]);

test("the CA's window takes the place of the lifetime's, for the certificate that it was told for", (t) => {
  const one = ninety('8');
  const explanation = 'https://ca.example/why';
  const suggested = suggesting(one, { start: begin + 10 * day, end: begin + 20 * day, explanation });
  const renewal = renewalOf(one, suggested);
  t.deepEqual([renewal.basis, renewal.explanation], ['renewal-information', explanation]);
  t.deepEqual(
    [renewal.windowStart, renewal.windowEnd],
    [new Date(begin + 10 * day).toISOString(), new Date(begin + 20 * day).toISOString()],
  );
  t.is(Date.parse(renewal.at), Math.floor(begin + 10 * day + 10 * day * (0x88888888 / 0x1_0000_0000)));
  t.deepEqual(renewalOf(ninety('9'), suggested), renewalOf(ninety('9')), 'another certificate has no part in it');
});

test('a window that was over when it was told means that instant', (t) => {
  const one = ninety('f');
  const from = begin + 30 * day;
  const renewal = renewalOf(one, suggesting(one, { start: begin - 400 * day, end: begin - 399 * day, from }));
  t.is(renewal.at, new Date(from).toISOString());
});

test('no window, whatever it says, puts the renewal later than the lifetime would, or outside what can be written', (t) => {
  const span = 400 * 365 * day;
  const at = fc.integer({ min: -span, max: span });
  fc.assert(
    fc.property(hex, at, fc.integer({ min: 1, max: span }), at, (fingerprint, start, width, from) => {
      const one = { ...ninety('a'), fingerprint };
      const latest = renewalOf(one).windowEnd;
      const window = { start: begin + start, end: begin + start + width, from: begin + from };
      const renewal = renewalOf(one, suggesting(one, window));
      t.deepEqual(renewalOf(one, suggesting(one, window)), renewal);
      t.true(renewal.at <= latest && renewal.windowEnd <= latest);
      t.true(renewal.windowStart <= renewal.windowEnd && renewal.windowStart <= renewal.at);
      if (window.start >= Date.parse(latest)) t.is(renewal.basis, 'lifetime');
    }),
    { numRuns: 500 },
  );
});
