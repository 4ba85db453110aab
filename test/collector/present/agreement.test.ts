import test from 'ava';
import { agreementOf } from '../../../collector/present/agreement.ts';

const [old, fresh, other] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];

test('three equal fingerprints agree', (t) => {
  const { links, joints, words } = agreementOf({ issued: old, configured: old, served: old });
  t.deepEqual(
    links.map(({ group }) => group),
    [0, 0, 0],
  );
  t.deepEqual(joints, ['equal', 'equal']);
  t.is(words, 'issued, configured and served agree');
});

test('a renewal that was never loaded shows where it stopped', (t) => {
  const { joints, words } = agreementOf({ issued: fresh, configured: fresh, served: old });
  t.deepEqual(joints, ['equal', 'different']);
  t.is(words, 'issued and configured differ from served');
});

test('a renewal that was never installed differs from the first stage on', (t) => {
  const { joints, words } = agreementOf({ issued: fresh, configured: old, served: old });
  t.deepEqual(joints, ['different', 'equal']);
  t.is(words, 'issued differs from configured and served');
});

test('three that all differ have three groups', (t) => {
  const { links, words } = agreementOf({ issued: fresh, configured: old, served: other });
  t.deepEqual(
    links.map(({ group }) => group),
    [0, 1, 2],
  );
  t.is(words, 'issued, configured and served all differ');
});

test('what is not known neither agrees nor differs', (t) => {
  t.deepEqual(agreementOf({ configured: old, served: old }).joints, ['unknown', 'equal']);
  t.is(agreementOf({ configured: old, served: old }).words, 'configured and served agree; issued not known');
  t.is(agreementOf({ configured: old }).words, 'only configured known; issued and served not known');
  t.is(agreementOf({}).words, 'issued, configured and served not known');
});
