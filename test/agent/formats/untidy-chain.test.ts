import test from 'ava';
import fc from '../../helpers/properties.ts';
import { untidinessOf } from '../../../agent/formats/chain.ts';
import { mint, mintChain } from '../../helpers/mint.ts';

const { root, intermediate, leaf } = await mintChain();
const stranger = await mint({ names: ['stranger.example.test'] });
/** The same CA, certified by another one: clients may need either. */
const otherRoot = await mint({ subject: [['CN', 'Other Root']], authority: true });
const crossed = await mint({
  subject: [['CN', 'Test Intermediate']],
  key: intermediate.key,
  issuer: otherRoot,
  authority: true,
});

const cases: [string, (typeof leaf)[], ReturnType<typeof untidinessOf>][] = [
  ['the leaf alone', [leaf], undefined],
  ['leaf and issuer', [leaf, intermediate], undefined],
  ['leaf, issuer and root', [leaf, intermediate, root], undefined],
  ['an issuer that two CAs certified', [leaf, intermediate, crossed], undefined],
  ['the root before the issuer', [leaf, root, intermediate], { unsorted: true, repeated: [], strangers: [] }],
  ['the issuer twice', [leaf, intermediate, intermediate], { unsorted: false, repeated: [2], strangers: [] }],
  ['a stranger', [leaf, stranger, intermediate], { unsorted: false, repeated: [], strangers: [1] }],
  ['a root without its issuer', [leaf, root], { unsorted: false, repeated: [], strangers: [1] }],
];
for (const [title, chain, expected] of cases) {
  test(`${title} is ${expected ? 'untidy' : 'tidy'}`, (t) => {
    t.deepEqual(untidinessOf(chain.map(({ x509 }) => x509)), expected);
  });
}

test('each position of any chain is the leaf, on the way, repeated or a stranger, and it ends', (t) => {
  const some = fc.array(fc.constantFrom(root, intermediate, leaf, stranger, crossed, otherRoot), { maxLength: 12 });
  fc.assert(
    fc.property(some, (chain) => {
      const untidy = untidinessOf(chain.map(({ x509 }) => x509));
      const named = [...(untidy?.repeated ?? []), ...(untidy?.strangers ?? [])];
      t.is(new Set(named).size, named.length);
      t.true(named.every((at) => at > 0 && at < chain.length));
    }),
  );
});
