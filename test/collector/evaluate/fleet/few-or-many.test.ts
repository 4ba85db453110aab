import test from 'ava';
import { FewOrMany } from '../../../../collector/evaluate/fleet/few-or-many.ts';
import fc from '../../../helpers/properties.ts';

test('what is kept as one item or as many is what a map has, whatever is put in and taken out', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(9))), (steps) => {
      const kept = new FewOrMany<number, number>();
      const map = new Map<number, number>();
      for (const [put, key, item] of steps) {
        if (put) kept.set(key, item);
        else kept.delete(key);
        if (put) map.set(key, item);
        else map.delete(key);
        t.is(kept.size, map.size);
        for (const one of [0, 1, 2, 3]) t.is(kept.get(one), map.get(one));
        t.deepEqual([...kept.keys()], [...map.keys()]);
        t.deepEqual([...kept.values()], [...map.values()]);
      }
    }),
  );
});
