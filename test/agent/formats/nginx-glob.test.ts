import test from 'ava';
import fc from '../../helpers/properties.ts';
import { hasWildcard, segmentPattern, withoutEscapes } from '../../../agent/formats/nginx-glob.ts';

test('patterns fit as glob(3) says', (t) => {
  const cases: [string, string[], string[]][] = [
    ['*', ['a', 'a.b', '~'], ['.a', '..']],
    ['.*', ['.a'], ['a']],
    ['*.conf', ['a.conf', 'a.b.conf'], ['conf', '.conf', 'a.conf~']],
    ['?.conf', ['a.conf'], ['ab.conf', '.conf']],
    ['??', ['ab', 'ä'], ['a', 'abc']],
    ['[ab]x', ['ax', 'bx'], ['cx', 'x']],
    ['[a-c0-9]', ['b', '5'], ['d', 'B']],
    ['[!a]', ['b'], ['a', '.']],
    ['[^a-c]', ['d'], ['b']],
    ['[]a]', [']', 'a'], ['b']],
    ['[!]a]', ['b'], [']', 'a']],
    ['[a-]', ['-', 'a'], ['b']],
    ['[[:digit:]x]', ['1', 'x'], ['d', ':']],
    ['[[:none:]]', [], ['n', 'a']],
    [String.raw`[\]a]`, [']', 'a'], ['\\']],
    ['a[b', ['a[b'], ['ab', 'a']],
    [String.raw`\*a`, ['*a'], ['ba']],
    ['a**b*', ['ab', 'axbx'], ['a']],
  ];
  for (const [pattern, fitting, others] of cases) {
    const fits = segmentPattern(pattern);
    t.deepEqual([...fitting, ...others].filter(fits), fitting, pattern);
  }
});

test('a name whose special characters are escaped fits itself alone', (t) => {
  const name = fc.string({ unit: fc.constantFrom('a', 'ä', '*', '?', '[', ']', '\\', '-', '!', '.'), minLength: 1 });
  fc.assert(
    fc.property(name, name, (text, other) => {
      const pattern = text.replaceAll(/[*?[\]\\]/g, (character) => `\\${character}`);
      t.true(segmentPattern(pattern)(text));
      t.is(segmentPattern(pattern)(other), other === text);
      t.is(withoutEscapes(pattern), text);
    }),
  );
});

test('many stars take no more than moments', (t) => {
  t.false(segmentPattern(`${'*a'.repeat(100)}b`)('a'.repeat(5000)));
});

test('a wildcard is seen wherever it stands', (t) => {
  t.deepEqual(['/a/*', '/a?', '/[a', '/a/b.conf', String.raw`/a\b`].map(hasWildcard), [true, true, true, false, false]);
});
