import test from 'ava';
import fc from '../../helpers/properties.ts';
import { lifeAt, sharePercent } from '../../../collector/present/life.ts';

const day = 86_400_000;
const start = Date.parse('2026-11-01T00:00:00.000Z');

function validity(days: number) {
  return { notBefore: new Date(start).toISOString(), notAfter: new Date(start + days * day).toISOString() };
}

test('half of the life is left half way through', (t) => {
  t.deepEqual(lifeAt(validity(90), start + 45 * day), { leftMs: 45 * day, shareLeft: 0.5, stage: 'ample' });
});

test('three days are ample for a certificate of a week and short for one of ninety days', (t) => {
  t.is(lifeAt(validity(7), start + 4 * day).stage, 'ample');
  t.is(lifeAt(validity(90), start + 87 * day).stage, 'ending');
});

test('stages follow the share of life that is left', (t) => {
  t.is(lifeAt(validity(100), start + 75 * day).stage, 'ample');
  t.is(lifeAt(validity(100), start + 76 * day).stage, 'short');
  t.is(lifeAt(validity(100), start + 96 * day).stage, 'ending');
});

test('at notAfter the life has ended', (t) => {
  t.deepEqual(lifeAt(validity(90), start + 90 * day), { leftMs: 0, shareLeft: 0, stage: 'ended' });
});

test('a validity period without length has ended after it and never divides by zero', (t) => {
  t.deepEqual(lifeAt(validity(0), start + 1), { leftMs: -1, shareLeft: 0, stage: 'ended' });
});

test('the share stays between none and all, whatever the instants', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 10_000 }), fc.integer({ min: -20_000, max: 20_000 }), (days, now) => {
      const { shareLeft } = lifeAt(validity(days), start + now * day);
      return shareLeft >= 0 && shareLeft <= 1;
    }),
  );
  t.pass();
});

test('a share is never rounded to nothing or to all', (t) => {
  t.is(sharePercent(1), '100 %');
  t.is(sharePercent(0.999), '99 %');
  t.is(sharePercent(0.68), '68 %');
  t.is(sharePercent(0.004), 'under 1 %');
});
