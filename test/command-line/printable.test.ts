import test from 'ava';
import fc from '../helpers/properties.ts';
import { printable, printableJson } from '@certherd/command-line/printable';

test('what moves a cursor, turns text round or hides is written out', (t) => {
  t.is(printable('a\u001b[31mb\r\nc\u0000\u007f\u009b'), 'a\\x1b[31mb\\x0d\\x0ac\\x00\\x7f\\x9b');
  t.is(printable('\u202eexe.gnp\u2066\u200f\u061c'), '\\u{202e}exe.gnp\\u{2066}\\u{200f}\\u{61c}');
  t.is(printable('a\u200bb\u2028c\u{e0041}\ud800'), 'a\\u{200b}b\\u{2028}c\\u{e0041}\\u{d800}');
});

test('what people write stays as it is', (t) => {
  for (const text of ["CN=shop.example.test, O=Böse & Söhne, 'x'", '日本語.example', 'مثال', '😀', '\\ " <b>'])
    t.is(printable(text), text);
});

test('no text keeps a control, format or separator character', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.notRegex(printable(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('JSON is safe on a terminal and the same for programs', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (value) => {
      const text = printableJson(value);
      t.notRegex(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  t.is(printableJson({ a: '\u202e' }), '{\n  "a": "\\u202e"\n}');
});
