import test from 'ava';
import fc from '../../helpers/properties.ts';
import { lexNginx } from '../../../agent/formats/nginx-lexer.ts';

function words(text: string): string[] {
  return lexNginx(text).tokens.flatMap((token) => (token.kind === 'word' ? [token.text] : []));
}

function quoted(word: string, quote: '"' | "'"): string {
  return quote + word.replaceAll(/[\\"']/g, (character) => `\\${character}`) + quote;
}

test('words, ends and braces come with their lines', (t) => {
  const { tokens, fault } = lexNginx('http {\n  index a\n    b; # no {\n}\n');
  t.is(fault, undefined);
  t.deepEqual(
    tokens.map(({ kind, text, line }) => [kind, text, line]),
    [
      ['word', 'http', 1],
      ['open', '', 1],
      ['word', 'index', 2],
      ['word', 'a', 2],
      ['word', 'b', 3],
      ['end', '', 3],
      ['close', '', 4],
    ],
  );
});

test('a quote in the middle of a word is an ordinary character', (t) => {
  t.deepEqual(words(`return 200 it's;`), ['return', '200', `it's`]);
  t.deepEqual(words(`return 200 a"b c"d;`), ['return', '200', 'a"b', 'c"d']);
});

test('quotes hold blanks, braces, ends and line feeds together', (t) => {
  t.deepEqual(words(`log 'a {b};\n"c"' "it's";`), ['log', 'a {b};\n"c"', `it's`]);
  t.deepEqual(words(`close "" '';`), ['close', '', '']);
});

test('a backslash vanishes only before quotes and itself, and makes blanks of t, r and n', (t) => {
  t.deepEqual(words(String.raw`a \"b\' "\\ \t\r\n" \.php$ a\;b c\ d;`), [
    'a',
    `"b'`,
    '\\ \t\r\n',
    '\\.php$',
    'a\\;b',
    'c\\ d',
  ]);
});

test('the brace of a variable does not open a block', (t) => {
  const { tokens } = lexNginx('set $a /x/${b}/c${d}y; if ($a) { }');
  t.deepEqual(words('set $a /x/${b}/c${d}y;'), ['set', '$a', '/x/${b}/c${d}y']);
  t.is(tokens.filter(({ kind }) => kind === 'open').length, 1);
});

test('a hash begins a comment only where a word could begin', (t) => {
  t.deepEqual(words('a b#c; # d;\ne "f" #g\n;'), ['a', 'b#c', 'e', 'f']);
});

test('a parenthesis may follow a closing quote, nothing else but a blank, an end or a brace', (t) => {
  t.deepEqual(words('if ($a = "x y") {}'), ['if', '($a', '=', 'x y', ')']);
  const { fault, tokens } = lexNginx('\nreturn "a"b;');
  t.like(fault, { detail: 'unexpected "b"', line: 2 });
  t.deepEqual(
    tokens.map(({ text }) => text),
    ['return', 'a', 'b', ''],
  );
});

test('carriage returns are blanks', (t) => {
  t.deepEqual(words('a b;\r\nc d;\r\n'), ['a', 'b', 'c', 'd']);
});

test('ends and braces without a directive are refused and reading goes on', (t) => {
  t.like(lexNginx('a;\n;b;').fault, { detail: 'unexpected ";"', line: 2 });
  t.like(lexNginx('{a;}').fault, { detail: 'unexpected "{"', line: 1 });
  const { fault, tokens } = lexNginx('s {\n a b\n}\nc;');
  t.like(fault, { detail: 'unexpected "}"', line: 3 });
  t.deepEqual(
    tokens.map(({ kind }) => kind),
    ['word', 'open', 'word', 'word', 'end', 'close', 'word', 'end'],
  );
});

test('a file that ends in a word, a quote or a directive is refused at its last line', (t) => {
  for (const text of ['a;\nb', 'a;\n"b', 'a;\nb ', 'a;\nb\\', `a;\nb 'c'`])
    t.like(lexNginx(text).fault, { detail: 'unexpected end of file, expecting ";" or "}"', line: 2 }, text);
});

test('a word fills the buffer of nginx at 4096 bytes, however many characters these are', (t) => {
  t.is(lexNginx(`a ${'b'.repeat(4095)};`).fault, undefined);
  t.is(lexNginx(`a ${'ä'.repeat(2047)};`).fault, undefined);
  t.like(lexNginx(`a\n${'b'.repeat(4096)};`).fault, { detail: 'too long parameter started', line: 2 });
  t.like(lexNginx(`a ${'ä'.repeat(2048)};`).fault, { detail: 'too long parameter started' });
  t.like(lexNginx(`a;\n#${'ä'.repeat(2048)}\n`).fault, { detail: 'too long parameter started', line: 2 });
  t.like(lexNginx(`a\n"${'b\n'.repeat(2100)};`).fault, {
    detail: 'too long parameter, probably missing terminating """ character',
    line: 2,
  });
});

test('a Lua block is one token, however many braces it holds', (t) => {
  const lua = `content_by_lua_block { a = {1}; b = "}" .. '\\'}' --[==[ } ]] ]==] c = [[ } ]] -- }\n }\nd;`;
  t.deepEqual(
    lexNginx(lua).tokens.map(({ kind, text, line }) => [kind, text, line]),
    [
      ['word', 'content_by_lua_block', 1],
      ['lua', '', 1],
      ['word', 'd', 3],
      ['end', '', 3],
    ],
  );
});

test('a Lua block that never ends takes the rest of the file', (t) => {
  for (const body of ['{ a = "}"', '{ [[ }', '{ --[=[ } ]]', '{ -- }', `{ '}`])
    t.is(
      lexNginx(`x_by_lua_block ${body}`).fault?.detail,
      'unexpected end of file, expecting terminating characters for lua code block',
      body,
    );
});

test('any list of words, once quoted, is read back', (t) => {
  const word = fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.string({ unit: fc.constantFrom(...syntax) }));
  const quote = fc.constantFrom<'"' | "'">('"', "'");
  fc.assert(
    fc.property(fc.array(fc.tuple(word, quote), { minLength: 1 }), (list) => {
      const read = lexNginx(`${list.map(([text, mark]) => quoted(text, mark)).join(' ')};`);
      t.is(read.fault, undefined);
      const texts = read.tokens.slice(0, -1).map(({ text }) => text);
      t.deepEqual(
        texts,
        list.map(([text]) => text),
      );
    }),
  );
});

test('no text makes the lexer throw or lose its place', (t) => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.string({ unit: fc.constantFrom(...syntax, 'x_by_lua_block ', '[[', '--', '\ufeff'), maxLength: 200 }),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const { tokens, fault } = lexNginx(text);
      const lines = text.split('\n').length;
      let before = 0;
      for (const { offset, line } of tokens) {
        t.true(offset >= before && offset < text.length && line >= 1 && line <= lines);
        before = offset;
      }
      if (fault) t.true(fault.line >= 1 && fault.line <= lines && fault.offset <= text.length);
    }),
    { numRuns: 1000 },
  );
});

test('a mebibyte of one thing over and over is read to its end', (t) => {
  const size = 1024 * 1024;
  const faulty = ['"', '{', '\\', '"a" ', '#', '[=', 'x_by_lua_block { [==[', '${', "a'"];
  for (const unit of faulty) t.truthy(lexNginx(unit.repeat(size / unit.length)).fault, unit);
  t.is(lexNginx('}'.repeat(size)).tokens.length, size);
});

const syntax = ['"', "'", '\\', '{', '}', ';', '#', '$', ' ', '\n', '\r', '\t', '(', ')', 't', 'n', 'a'];
