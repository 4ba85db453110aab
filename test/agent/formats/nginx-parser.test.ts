import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { type Directive, parseNginx } from '../../../agent/formats/nginx-parser.ts';

type Outline = string | [string, Outline[]];

function outline(directives: Directive[]): Outline[] {
  return directives.map(({ name, args, block }) => {
    const text = [name, ...args].join(' ');
    return block ? [text, outline(block)] : text;
  });
}

test('blocks nest, and each directive knows its file, its line and the line of its end', (t) => {
  const { directives, fault } = parseNginx('a 1;\nb\n  x\n{\n c;\n}', '/n.conf');
  t.is(fault, undefined);
  t.deepEqual(outline(directives), ['a 1', ['b x', ['c']]]);
  t.like(directives[1], { file: '/n.conf', line: 2, endLine: 4, offset: 11 });
});

test('a block that is never closed is refused at the last line and kept', (t) => {
  const { directives, fault } = parseNginx('http {\n server {\n  listen 443;\n', '/n.conf');
  t.like(fault, { detail: 'unexpected end of file, expecting "}"', line: 4 });
  t.deepEqual(outline(directives), [['http', [['server', ['listen 443']]]]]);
});

test('a brace too many is refused and what follows is kept', (t) => {
  const { directives, fault } = parseNginx('a { }\n}\nb;', '/n.conf');
  t.like(fault, { detail: 'unexpected "}"', line: 2 });
  t.deepEqual(outline(directives), [['a', []], 'b']);
});

test('of several faults the first in the text is told', (t) => {
  t.like(parseNginx('a { "b"c; }\n}\nd {', '/n.conf').fault, { detail: 'unexpected "c"', line: 1 });
  t.like(parseNginx('}\na "b"c;', '/n.conf').fault, { detail: 'unexpected "}"', line: 1 });
});

test('blocks nested beyond all reason are passed over', (t) => {
  const deep = `${'a {\n'.repeat(50_000)}${'}'.repeat(50_000)}\nlast;`;
  const { directives, fault } = parseNginx(deep, '/n.conf');
  t.like(fault, { detail: 'blocks are nested more than 100 deep', line: 101 });
  t.deepEqual(outline(directives).at(-1), 'last');
});

test('servers around Lua blocks with unbalanced braces are all found', (t) => {
  const file = join(import.meta.dirname, '../../fixtures/nginx/lua.conf');
  const { directives, fault } = parseNginx(readFileSync(file, 'utf8'), file);
  t.is(fault, undefined);
  t.deepEqual(outline(directives), [
    ['events', []],
    [
      'http',
      [
        ['init_by_lua_block', []],
        [
          'server',
          ['listen 127.0.0.1:21030', ['set_by_lua_block $a', []], ['location /', [['content_by_lua_block', []]]]],
        ],
        ['server', ['listen 127.0.0.1:21031', ['location /', [`content_by_lua ngx.say("}")`]]]],
      ],
    ],
  ]);
});

test('a byte order mark is told apart from the name that it spoils', (t) => {
  t.like(parseNginx('\ufeffuser a;', '/n.conf').directives[0], { name: 'user', marked: true });
  t.like(parseNginx('\ufeff# comment\nuser a;', '/n.conf').directives[0], { name: 'user', marked: true });
});

test('no text makes the parser throw, and the tree holds every directive once', (t) => {
  const unit = fc.constantFrom('a', '{', '}', ';', ' ', '"', '\n', 'b;', 'c {', 'x_by_lua_block {');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
      const { directives } = parseNginx(text, '/n.conf');
      const offsets = flat(directives).map(({ offset }) => offset);
      t.deepEqual(
        offsets,
        [...new Set(offsets)].sort((a, b) => a - b),
      );
    }),
  );
});

function flat(directives: Directive[]): Directive[] {
  return directives.flatMap((directive) => [directive, ...flat(directive.block ?? [])]);
}
