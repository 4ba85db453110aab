import { Buffer } from 'node:buffer';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { type ValueEdit, withValues } from '../../../agent/formats/nginx-edit.ts';
import { namedPairs } from '../../../agent/formats/nginx-named-pairs.ts';
import { parseNginx } from '../../../agent/formats/nginx-parser.ts';

const edit = (over: Partial<ValueEdit> = {}): ValueEdit => ({
  directive: 'ssl_certificate',
  line: 1,
  from: '/old.pem',
  to: '/new.pem',
  ...over,
});

function edited(text: string, ...edits: ValueEdit[]): string {
  const result = withValues(Buffer.from(text), edits);
  return result.ok ? Buffer.from(result.value).toString() : `failed: ${result.failure.detail}`;
}

test('only the value is replaced, with its quotes and whatever stands around it left alone', (t) => {
  t.is(
    edited('server { ssl_certificate  "/old.pem" ; } # /old.pem', edit()),
    'server { ssl_certificate  /new.pem ; } # /old.pem',
  );
  t.is(edited("ssl_certificate '/old.pem';", edit()), 'ssl_certificate /new.pem;');
  t.is(edited('ssl_certificate # why\r\n\t/old.pem\r\n;', edit()), 'ssl_certificate # why\r\n\t/new.pem\r\n;');
  t.is(edited('ssl_certificate /o\\\\ld.pem;', edit({ from: '/o\\ld.pem' })), 'ssl_certificate /new.pem;');
});

test('a path that nginx would cut or unescape is written in quotes, and one that it would take for a variable is refused', (t) => {
  const awkward = ['/with space/a;b{c}.pem', '/q"u\'o\\te.pem', '/ünïcode/#.pem', '/two\nlines.pem'];
  for (const to of awkward) {
    const { directives } = parseNginx(edited('ssl_certificate /old.pem;', edit({ to })), '/n');
    t.deepEqual(directives[0]?.args, [to]);
  }
  for (const to of ['/live/$name.pem', 'data:x', ''])
    t.regex(edited('ssl_certificate /old.pem;', edit({ to })), /^failed: nginx would take/);
});

test('what is not there any more is a failure, and so is the same directive on another line or with more than one value', (t) => {
  for (const text of ['ssl_certificate /other.pem;', '\nssl_certificate /old.pem;', 'ssl_certificate /old.pem x;', ''])
    t.is(edited(text, edit()), 'failed: line 1 has no ssl_certificate /old.pem');
});

test('text inside Lua, comments and quoted words is no directive', (t) => {
  const text =
    'a_by_lua_block { ssl_certificate /old.pem; } # ssl_certificate /old.pem;\nb "ssl_certificate /old.pem;";';
  t.regex(edited(text, edit()), /^failed/);
});

test('bytes that are no UTF-8 stay, and a name that is not ASCII is found', (t) => {
  const [head, tail] = [Buffer.from([0x23, 0xff, 0xc3, 0x28, 0x0a]), Buffer.from([0x0a, 0x23, 0xfe])];
  const bytes = Buffer.concat([head, Buffer.from('ssl_certificate /ö.pem;'), tail]);
  const result = withValues(bytes, [edit({ line: 2, from: '/ö.pem' })]);
  if (!result.ok) return t.fail(result.failure.detail);
  t.deepEqual(Buffer.from(result.value), Buffer.concat([head, Buffer.from('ssl_certificate /new.pem;'), tail]));
});

/** A config out of pieces that nginx's syntax allows, as a function of the two words that one block names its pair by. */
const blank = fc.constantFrom(' ', '\t', '\n', '\r\n', ' # ssl_certificate /old.pem;\r\n', '\n\n');
const quote = fc.constantFrom('', '"', "'");
const filler = fc
  .tuple(
    fc.constantFrom('server_name', 'add_header X', 'log_format', 'ssl_certificate_x'),
    quote,
    fc.stringMatching(/^[a-z;{} #é]{0,12}$/),
  )
  .map(([name, mark, value]) => (mark === '' ? `${name} v;` : `${name} ${mark}${value}${mark};`));
const config = fc
  .record({
    mark: fc.constantFrom('', '\ufeff\n'),
    outer: fc.array(filler, { maxLength: 3 }),
    inner: fc.array(fc.tuple(filler, blank), { maxLength: 4 }),
    gaps: fc.array(blank, { minLength: 8, maxLength: 8 }),
    second: fc.constantFrom('', 'server { ssl_certificate /other.pem; ssl_certificate_key /other.key; }'),
  })
  .map(({ mark, outer, inner, gaps, second }) => (certificate: string, key: string) => {
    const [a, b, c, d, e, f, g, h] = gaps;
    const pair = `ssl_certificate${a}${certificate}${b};ssl_certificate_key${c}${key}${d};`;
    const before = inner.map(([text, after]) => text + after).join('');
    return `${mark}events {}${e}http {${outer.join(f)} server${g}{${before}${pair}}${second}${h}}`;
  });

test('in any config that nginx could read, the two words change and not one byte besides', (t) => {
  const paths = fc.constantFrom(
    { path: '/new.pem', word: '/new.pem' },
    { path: '/new "path"/é;.pem', word: '"/new \\"path\\"/é;.pem"' },
  );
  fc.assert(
    fc.property(config, quote, quote, paths, (written, one, two, { path, word }) => {
      const before = written(`${one}/old.pem${one}`, `${two}/old.key${two}`);
      const [pair] = namedPairs(parseNginx(before, '/n').directives);
      const edits = [
        edit({ line: pair?.certificates[0]?.line ?? 0, to: path }),
        edit({ directive: 'ssl_certificate_key', line: pair?.keys[0]?.line ?? 0, from: '/old.key', to: path }),
      ];
      const after = edited(before, ...edits);
      t.is(after, written(word, word));
      const [read] = namedPairs(parseNginx(after, '/n').directives);
      t.deepEqual([read?.certificates[0]?.args, read?.keys[0]?.args], [[path], [path]]);
    }),
    { numRuns: 300 },
  );
});
