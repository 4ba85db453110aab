import { existsSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readEnvvars } from '../../../agent/formats/apache-envvars.ts';

test("Debian's envvars are read as a shell would leave them", (t) => {
  const file = '/etc/apache2/envvars';
  t.true(existsSync(file));
  const read = readEnvvars(readFileSync(file, 'utf8'));
  const shell = spawnSync('/bin/sh', ['-c', `. ${file}; env`], { encoding: 'utf8', env: {} });
  const expected = new Map(
    shell.stdout.split('\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const names = [...read.keys()].filter((name) => name.startsWith('APACHE_'));
  t.true(names.includes('APACHE_LOG_DIR') && names.includes('APACHE_RUN_DIR'));
  for (const name of names) t.is(read.get(name), expected.get(name), name);
});

test('quotes, defaults and earlier variables count; commands do not', (t) => {
  const read = readEnvvars(`A=one # comment
export B="two $A \${A}x"
C='$A'
: \${D:=four}
: \${A:=never}
E=\${NONE:-five}
F=$(id)
G=\`id\`
H="\${A##o}"
I=a\\ b;J=c
`);
  t.deepEqual(Object.fromEntries(read), { A: 'one', B: 'two one onex', C: '$A', D: 'four', E: 'five', I: 'a b' });
});

test('no text makes the reader throw', (t) => {
  const unit = fc.constantFrom('A', '=', '$', '{', '}', '"', "'", '\\', '\n', ' ', ':', '`', '(', 'export ');
  fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), (text) => t.notThrows(() => readEnvvars(text))));
});
