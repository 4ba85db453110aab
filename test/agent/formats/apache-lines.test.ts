import test from 'ava';
import fc from '../../helpers/properties.ts';
import { listenAddress, virtualHostAddress } from '../../../agent/formats/apache-address.ts';
import { configLines, takeWord, withVariables, wordsOf } from '../../../agent/formats/apache-lines.ts';

const none = new Map<string, string>();

test('a backslash joins lines, comments included, and the last line gives its number', (t) => {
  t.deepEqual(configLines('a \\\n  b\r\n\n# c \\\nd\n  e\t\r\nf\\\r\ng'), [
    { text: 'a   b', line: 2 },
    { text: 'e', line: 6 },
    { text: 'fg', line: 8 },
  ]);
});

test('words lose their quotes and escapes as in httpd', (t) => {
  t.deepEqual(wordsOf(`one "two three" 'four "five"' a\\\\b "x\\"y" six"seven "open end`, none), [
    'one',
    'two three',
    'four "five"',
    'a\\b',
    'x"y',
    'six"seven',
    'open end',
  ]);
});

test('variables are put in once, within one word, and unknown ones stay', (t) => {
  const variables = new Map([
    ['A', 'x ${B} y'],
    ['B', 'b'],
  ]);
  t.deepEqual(wordsOf('${A} "${B}${C}" $B ${B', variables), ['x ${B} y', 'b${C}', '$B', '${B']);
  t.is(withVariables('${A', variables), '${A');
});

test('a quoted word is read back whatever it holds', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('"', "'"), (text, quote) => {
      const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`);
      t.deepEqual(takeWord(`${quote}${escaped}${quote} rest`), { word: text, rest: 'rest' });
    }),
  );
});

test('no text makes the reader throw, and no line is told that is not there', (t) => {
  const unit = fc.constantFrom('a', ' ', '\n', '\\', '"', "'", '#', '<', '>', '$', '{', '}', '\r', '\ufeff');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 100 }), (text) => {
      const count = text.split('\n').length;
      for (const { text: whole, line } of configLines(text)) {
        t.true(line >= 1 && line <= count);
        t.true(wordsOf(whole, none).length <= whole.length);
      }
    }),
  );
});

test('addresses of Listen and VirtualHost are told apart', (t) => {
  t.deepEqual(listenAddress('443'), { ok: true, value: { host: '*', port: 443 } });
  t.deepEqual(listenAddress('*:443'), { ok: true, value: { host: '*', port: 443 } });
  t.deepEqual(listenAddress('[0:0::1]:443'), { ok: true, value: { host: '::1', port: 443 } });
  t.false(listenAddress('::1:443').ok);
  t.deepEqual(virtualHostAddress('_default_', 7), { ok: true, value: { host: '*', port: 7 } });
  t.deepEqual(virtualHostAddress('*:*', 7), { ok: true, value: { host: '*', port: 0 } });
  t.deepEqual(virtualHostAddress('[::1]', 0), { ok: true, value: { host: '::1', port: 0 } });
  t.deepEqual(virtualHostAddress('443', 0), { ok: false, fault: 'Missing address for VirtualHost' });
  t.false(virtualHostAddress('[fe80::1%eth0]:443', 0).ok);
});

test('every address that is written plainly is read back', (t) => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      t.deepEqual(listenAddress(`${host}:${port}`), { ok: true, value: { host, port } });
      t.deepEqual(virtualHostAddress(`${host}:${port}`, 0), { ok: true, value: { host, port } });
    }),
  );
  fc.assert(fc.property(fc.ipV6(), (host) => t.true(listenAddress(`[${host}]:443`).ok)));
});
