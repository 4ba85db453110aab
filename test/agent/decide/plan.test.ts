import test from 'ava';
import fc from '../../helpers/properties.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { spreadRescan } from '../../../agent/decide/plan.ts';
import { config, noon, observed } from '../../helpers/observed.ts';

test('the time between looks is within a tenth of what is set, and differs between hosts', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1000, max: 86_400_000 }),
      (drawn, set) => {
        const spread = spreadRescan(set, drawn);
        t.true(spread >= set * 0.9 - 1e-6 && spread <= set * 1.1 + 1e-6);
      },
    ),
  );
  const hosts = Array.from({ length: 400 }, (_, index) => spreadRescan(300_000, index / 399));
  const perSecond = new Map<number, number>();
  for (const at of hosts) perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1);
  t.true(Math.max(...perSecond.values()) <= 8, 'of 400 hosts that began together at most 8 look in one second');
});

test('the plan waits as long as it is told, each time the same', (t) => {
  const paced = { ...config(), rescanMs: spreadRescan(300_000, 0.25) };
  const { plan } = decide(observed(), [], [], paced, noon);
  t.is(plan.lookAgainAt, noon + 285_000);
});
