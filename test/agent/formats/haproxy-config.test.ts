import test from 'ava';
import fc from '../../helpers/properties.ts';
import { haproxyBind } from '../../../agent/formats/haproxy-bind.ts';
import { conditionIn } from '../../../agent/formats/haproxy-conditions.ts';
import { readHaproxyConfig } from '../../../agent/formats/haproxy-config.ts';
import { readCrtList } from '../../../agent/formats/haproxy-crt-list.ts';
import { haproxyWords } from '../../../agent/formats/haproxy-words.ts';

const none = new Map<string, string>();

test('words are cut at blanks outside quotes, and variables count inside double quotes only', (t) => {
  const variables = new Map([
    ['A', 'x y'],
    ['B', ''],
  ]);
  t.deepEqual(haproxyWords(`a "b c" 'd "e' f\\ g \\# h#i`, variables).words, ['a', 'b c', 'd "e', 'f g', '#', 'h']);
  t.deepEqual(haproxyWords(`$A "$A" "\${A}z" '$A' "\${C-d}" "\${A[*]}" "\\$A" "$B"`, variables).words, [
    '$A',
    'x y',
    'x yz',
    '$A',
    'd',
    'x',
    'y',
    '$A',
    '',
  ]);
  t.deepEqual(haproxyWords('\\x41\\t\\q', none).words, ['A\t\\q']);
});

test('every word that is quoted is read back', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (words) => {
      const line = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
      t.deepEqual(haproxyWords(line, none), { words });
    }),
  );
});

test('addresses of bind are read in all their forms', (t) => {
  const at = (words: string) => haproxyBind(words.split(' '), '/run').addresses;
  const port = (address: string, first: number, last = first) => ({ address, firstPort: first, lastPort: last });
  t.deepEqual(at('*:443'), [port('0.0.0.0', 443)]);
  t.deepEqual(at(':443'), [port('0.0.0.0', 443)]);
  t.deepEqual(at(':::443'), [port('::', 443)]);
  t.deepEqual(at('[::1]:443'), [port('::1', 443)]);
  t.deepEqual(at('::1:443'), [port('::1', 443)]);
  t.deepEqual(at('ipv6@:443,ipv4@*:80-82'), [port('::', 443), port('0.0.0.0', 80, 82)]);
  t.deepEqual(at('/a.sock,unix@/b.sock'), [port('unix:/run/a.sock', 0), port('unix:/run/b.sock', 0)]);
  t.deepEqual(at('quic4@:443,abns@x,fd@3,udp@:53,sockpair@4,127.0.0.1:1'), [port('127.0.0.1', 1)]);
});

test('options of bind are told from the arguments of others', (t) => {
  t.like(haproxyBind('*:1 name ssl crt a interface crt accept-proxy'.split(' ')), {
    tls: false,
    proxyProtocol: true,
    sources: [{ kind: 'crt', path: 'a' }],
  });
  t.like(haproxyBind('*:1 ssl crt a default-crt b crt-list c strict-sni'.split(' ')), {
    strictNames: true,
    sources: [
      { kind: 'crt', path: 'b' },
      { kind: 'crt', path: 'a' },
      { kind: 'crt-list', path: 'c' },
    ],
  });
});

test('conditions are judged', (t) => {
  const variables = new Map([['A', '']]);
  const judged = (text: string) => {
    const answer = conditionIn(text, variables);
    return answer.ok ? answer.value : 'fault';
  };
  t.deepEqual(['1', '0', 'defined(A)', '!defined(B)', 'streq(a,b)', 'strneq(a,b)'].map(judged), [
    true,
    false,
    true,
    true,
    false,
    true,
  ]);
  t.deepEqual(['0 || 1 && 1', '(1 || 0) && !1', 'version_atleast(2.4)', 'x', '1 1', '(1', ''].map(judged), [
    true,
    false,
    true,
    'fault',
    'fault',
    'fault',
    'fault',
  ]);
});

test('a crt-store gives its certificates their paths, keys and names', (t) => {
  const text = `global
  key-base /keys
crt-store web
  crt-base /certs
  load crt a.pem key a.key alias main
  load crt "b.pem"
`;
  t.deepEqual(readHaproxyConfig([{ file: '/h.cfg', text }]).store, [
    { names: ['@web/a.pem', '@web/main'], path: '/certs/a.pem', keyPath: '/keys/a.key' },
    { names: ['@web/b.pem'], path: '/certs/b.pem' },
  ]);
});

test('a crt-list gives filters, exceptions and a key of its own', (t) => {
  t.deepEqual(readCrtList('a.pem\n#x\n\nb.pem [key b.key alpn h2] *.b !c.b\n'), {
    entries: [
      { path: 'a.pem', names: [], exceptions: [], line: 1 },
      { path: 'b.pem', keyPath: 'b.key', names: ['*.b'], exceptions: ['c.b'], line: 4 },
    ],
  });
});

test('no text makes the readers throw, and every place is in the text', (t) => {
  const unit = fc.constantFrom(
    'bind ',
    'frontend f\n',
    '.if ',
    '.else\n',
    '.endif\n',
    '"',
    "'",
    '\\',
    '$',
    '{',
    '[',
    ']',
    '*:1 ',
    'ssl ',
    'crt ',
    '\n',
    '(',
    '!',
    ',',
    '-',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      const lines = text.split('\n').length;
      const { faults, binds } = readHaproxyConfig([{ file: '/h.cfg', text }]);
      for (const { line } of [...faults, ...binds]) t.true(line >= 1 && line <= lines);
      for (const { line } of readCrtList(text).entries) t.true(line <= lines);
    }),
  );
});
