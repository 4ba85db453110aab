import { X509Certificate } from 'node:crypto';
import test from 'ava';
import { orderOf } from '../../../agent/formats/chain.ts';
import { type Minted, mint, mintChain, withUnknownKey } from '../../helpers/mint.ts';

const order = (...chain: Minted[]) =>
  orderOf(
    chain.map(({ x509 }) => x509),
    { signatures: true },
  );

test('leaf and intermediate are complete; a root at the end is seen', async (t) => {
  const { leaf, intermediate, root } = await mintChain();
  t.deepEqual(order(leaf, intermediate), { complete: true, endsInRoot: false });
  t.deepEqual(order(leaf, intermediate, root), { complete: true, endsInRoot: true });
});

test('a leaf alone is incomplete, unless it signed itself', async (t) => {
  const { leaf } = await mintChain();
  t.deepEqual(order(leaf), { complete: false, endsInRoot: false });
  t.deepEqual(order(await mint({ names: ['a.test'] })), { complete: true, endsInRoot: true });
  t.deepEqual(order(), { complete: false, endsInRoot: false });
});

test('a wrong order and a missing link break the chain where they are', async (t) => {
  const { leaf, intermediate, root } = await mintChain();
  t.is(order(leaf, root, intermediate).breakAt, 0);
  t.is(order(leaf, intermediate, leaf).breakAt, 1);
  t.false(order(leaf, root).complete);
});

test('an intermediate of the same name with another key does not fit', async (t) => {
  const { leaf } = await mintChain();
  const { intermediate: other } = await mintChain();
  t.is(orderOf([leaf.x509, other.x509], { signatures: false }).breakAt, 0);
  t.is(order(leaf, other).breakAt, 0);
});

test('where a key is of an unknown kind the names decide', async (t) => {
  const { leaf, intermediate } = await mintChain();
  const unknown = new X509Certificate(withUnknownKey(intermediate));
  t.notThrows(() => orderOf([leaf.x509, unknown], { signatures: true }));
});
