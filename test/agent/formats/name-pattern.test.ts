import test from 'ava';
import fc from '../../helpers/properties.ts';
import { matchesName } from '../../../agent/formats/name-match.ts';
import { parseNamePattern } from '../../../agent/formats/name-pattern.ts';
import { isHostName, nameSamples } from '../../../agent/formats/name-samples.ts';

/** The first sample that matches. */
function found(source: string): string | undefined {
  const pattern = parseNamePattern(source);
  if (!pattern) return undefined;
  for (const name of nameSamples(pattern)) if (matchesName(pattern, name)) return name;
  return undefined;
}

for (const [source, name] of [
  ['^www\\d+\\.example\\.org$', 'www1.example.org'],
  ['^(?<sub>.+)\\.example\\.org$', 'certherd-probe.example.org'],
  ["^(?'sub'[a-z]{3})\\.example\\.org$", 'aaa.example.org'],
  ['^(?P<a>[^.]+)\\.(?:example|sample)\\.(com|net)$', 'certherd-probe.example.com'],
  ['\\.example\\.org$', 'certherd-probe.example.org'],
  ['^api', 'api'],
  ['^(www\\.)?shop\\.example\\.test$', 'www.shop.example.test'],
  ['^[[:alpha:]][[:digit:]]{2,4}\\.x\\.test\\z', 'a01.x.test'],
  ['^WWW\\.Example\\.ORG$', 'www.example.org'],
  ['^[0-9]+\\.[0-9]+\\.(?:[0-9]+)\\.arpa$', '1.1.1.arpa'],
  ['^.$', 'a'],
  ['', 'certherd-probe'],
] as const) {
  test(`a name is found that ~${source} matches`, (t) => {
    t.is(found(source), name);
    t.regex(
      name,
      new RegExp(
        source
          .replace('?P<', '?<')
          .replace("?'sub'", '?<sub>')
          .replace(/\[:\w+:\]/g, (posix) => (posix === '[:alpha:]' ? 'a-z' : '0-9'))
          .replace('\\z', '$'),
        'i',
      ),
    );
  });
}

for (const source of [
  '^(?!www)\\w+\\.example\\.org$',
  '^(?=a)a',
  '^(?<=a)b',
  '^(\\w)\\1\\.test$',
  '^(?>a+)b',
  '^a++b',
  '\\bwww\\b',
  '(a',
  'a)',
  '*a',
  'a**',
  '[a',
  '[z-a]',
  '[a-\\d]',
  'a{3,2}',
  'a{,3}',
  'a{5000}',
  '(?i-s:a)',
  '(?R)',
  '\\p{L}',
  '[[.hyphen.]]',
  '[[:no:]]',
  'x'.repeat(2000),
]) {
  test(`~${source.slice(0, 40)} is not read, so that nothing is guessed of it`, (t) => {
    t.is(parseNamePattern(source), undefined);
  });
}

test('an expression that no host name fits gives none', (t) => {
  for (const source of ['^ $', '^-+$', '^[0-9.]+$', '^é$', '^a$b', 'a^b']) t.is(found(source), undefined, source);
});

/** Expressions of the part that JavaScript and PCRE read alike. */
const expression = fc.letrec<{ whole: string }>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b', '1', '\\.', '-', '.', '\\d', '\\w', '[ab]', '[^a.]', '[a-c1-3]', '^', '$', '[-_]', ''),
    fc.tuple(tie('whole'), tie('whole')).map(([one, other]) => one + other),
    fc.tuple(tie('whole'), tie('whole')).map(([one, other]) => `(${one}|${other})`),
    fc
      .tuple(tie('whole'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
      .map(([one, times]) => `(?:${one})${times}`),
  ),
})).whole;
const name = fc.stringMatching(/^[ab1c.\-_]{0,8}$/);

test('it matches what another engine matches', (t) => {
  fc.assert(
    fc.property(expression, name, (source, text) => {
      const pattern = parseNamePattern(source);
      if (!pattern) return;
      const matches = matchesName(pattern, text);
      if (matches !== undefined) t.is(matches, new RegExp(source).test(text), `${source} on ${text}`);
    }),
    { numRuns: 3000 },
  );
});

test('every sample is a host name, and the first that fits is one that another engine matches', (t) => {
  fc.assert(
    fc.property(expression, (source) => {
      const sample = found(source);
      if (sample === undefined) return;
      t.true(isHostName(sample), sample);
      t.regex(sample, new RegExp(source));
    }),
    { numRuns: 1000 },
  );
});

test('arbitrary text is read or not, and never throws', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (source) => {
      found(source);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('an expression that takes other engines for ever is answered or given up', (t) => {
  const evil = parseNamePattern('^((a+)+)+(b|a{1,900}){0,900}$');
  t.truthy(evil);
  if (evil) t.not(matchesName(evil, `${'a'.repeat(250)}-`), true);
  const nested = parseNamePattern(`${'('.repeat(10)}a${'{900})'.repeat(10)}`);
  t.is(nested && [...nameSamples(nested)].find((each) => matchesName(nested, each)), undefined);
});
