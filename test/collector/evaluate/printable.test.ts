import test from 'ava';
import fc from '../../helpers/properties.ts';
import { printable, printableLines, shortened } from '../../../collector/evaluate/printable.ts';

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u;

test('C0 controls and DEL become their pictures', (t) => {
  t.is(printable('a\u0000b\u001b[31mc\r\n\u007f'), 'a␀b␛[31mc␍␊␡');
});

test('C1, bidi and zero-width characters are named by their code point', (t) => {
  t.is(printable('\u009b'), '⟦U+009B⟧');
  t.is(printable('evil\u202emoc.elpmaxe'), 'evil⟦U+202E⟧moc.elpmaxe');
  t.is(printable('\u2066a\u2069'), '⟦U+2066⟧a⟦U+2069⟧');
  t.is(printable('pay\u200bpal\ufeff\u2060\u00ad'), 'pay⟦U+200B⟧pal⟦U+FEFF⟧⟦U+2060⟧⟦U+00AD⟧');
  t.is(printable('\u2028\u2029'), '⟦U+2028⟧⟦U+2029⟧');
});

test('tag characters outside the basic plane and lone surrogates are named too', (t) => {
  t.is(printable('\u{e0041}'), '⟦U+E0041⟧');
  t.is(printable('\ud800x'), '⟦U+D800⟧x');
});

test('letters of any script, marks and emoji stay as they are', (t) => {
  const plain = 'bücher.example пример 例え مثال שלום 😀 <img src=x> &amp; "quoted"';
  t.is(printable(plain), plain);
});

test('nothing hidden is left in any text, and printing twice changes nothing', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = printable(text);
      return !hidden.test(once) && printable(once) === once;
    }),
  );
  t.pass();
});

test('text of several lines keeps its lines', (t) => {
  t.is(printableLines('one\r\ntwo\n\u001b[2Kthree'), 'one\ntwo\n␛[2Kthree');
});

test('long text is cut and says how long it was', (t) => {
  t.is(shortened('abcdef', 6), 'abcdef');
  t.is(shortened('abcdefg', 3), 'abc… (7 characters)');
});

test('a cut never splits a surrogate pair', (t) => {
  t.is(shortened('ab😀cd', 3), 'ab… (6 characters)');
});
