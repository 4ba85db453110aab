import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { shellWords } from '../../scripts/stage/shell-words.ts';

test('words are parted by blanks and joined across quotes', (t) => {
  t.deepEqual(shellWords(`env A=/x/y  certbot --name 'a b'"c \\"d"\\ e ''`), {
    ok: true,
    words: ['env', 'A=/x/y', 'certbot', '--name', 'a bc "d e', ''],
  });
});

test('an empty line has no words', (t) => {
  t.deepEqual(shellWords('   '), { ok: true, words: [] });
});

for (const line of ['certbot renew | tee log', 'echo $HOME', 'ls *.pem', 'a && b', 'a; b', 'echo "`id`"', 'a > b']) {
  test(`what needs a shell is refused: ${line}`, (t) => {
    const read = shellWords(line);
    t.false(read.ok);
    t.regex(read.ok ? '' : read.why, /needs a shell/);
  });
}

test('a quote without an end is refused', (t) => {
  t.deepEqual(shellWords(`certbot 'renew`), { ok: false, why: 'a quote at character 9 has no end' });
});

test('whatever is quoted as a word comes back as that word', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (words) => {
      const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
      t.deepEqual(shellWords(line), { ok: true, words });
    }),
  );
});

test('a real shell splits an accepted line into the same words', (t) => {
  const letters = fc.constantFrom('a', 'B', '7', '/', '=', '.', ' ', "'", '"', '\\', '-', ':', '$', '|');
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 24 }), (line) => {
      const read = shellWords(line);
      if (!read.ok) return;
      const shown = execFileSync('/bin/sh', ['-c', `printf '%s\\0' end ${line}`], { encoding: 'utf8' });
      t.deepEqual(shown.split('\0').slice(1, -1), read.words);
    }),
    { numRuns: 300 },
  );
  t.pass();
});
