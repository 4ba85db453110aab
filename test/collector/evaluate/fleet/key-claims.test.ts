import test from 'ava';
import { KeyClaims } from '../../../../collector/evaluate/fleet/key-claims.ts';
import fc from '../../../helpers/properties.ts';

/** Many of one part, and of one place in it. */
const key = fc.tuple(fc.nat(3), fc.nat(1), fc.nat(9)).map(([place, part, turn]) => part * 2 ** 31 + turn * 64 + place);

test('who claims a key, and whether several do, is what a list of claims says, whatever is claimed and let go', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('claim', 'release', 'share'), key, fc.nat(5)), { maxLength: 200 }),
      (steps) => {
        const claims = new KeyClaims();
        const model = new Map<number, { by: number[]; shared: boolean }>();
        for (const [step, one, claimant] of steps) {
          const known = model.get(one);
          if (step === 'claim') {
            t.is(claims.claim(one, claimant), known && (known.shared ? 'several' : known.by[0]));
            model.set(one, { by: [...(known?.by ?? []), claimant], shared: known !== undefined });
          } else if (step === 'share') {
            t.is(claims.share(one), known && (known.shared ? 'several' : known.by[0]));
            if (known) known.shared = true;
          } else if (known) {
            claims.release(one);
            known.by.pop();
            if (known.by.length === 0) model.delete(one);
          }
          for (const [each, { shared }] of model) t.is(claims.isShared(each), shared);
          t.is(claims.isShared(one), model.get(one)?.shared ?? false);
        }
      },
    ),
  );
});
