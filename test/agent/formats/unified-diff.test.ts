import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { unifiedDiff } from '../../../agent/formats/unified-diff.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('changed lines stand between three lines of context, as diff -u prints them', (t) => {
  const before = 'a\nb\nc\nd\ne\nf\ng\n';
  t.is(
    unifiedDiff('/etc/x', before, before.replace('e', 'E')),
    '--- /etc/x\n+++ /etc/x\n@@ -2,6 +2,6 @@\n b\n c\n d\n-e\n+E\n f\n g\n',
  );
  t.is(unifiedDiff('/etc/x', before, before), '');
  t.is(
    unifiedDiff('/x', 'a', 'b'),
    '--- /x\n+++ /x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n',
  );
});

const patch = '/usr/bin/patch';

(fs.existsSync(patch) ? test : test.skip)('patch -R gives the original bytes back', (t) => {
  const directory = testDirectory(t);
  const line = fc.constantFrom('', 'a', 'b', 'ssl_certificate /x;', '\tc');
  const text = fc
    .tuple(fc.array(line, { maxLength: 25 }), fc.boolean())
    .map(([lines, open]) => lines.join('\n') + (open ? '' : '\n'));
  const file = path.join(directory, 'config');
  let patched = 0;
  fc.assert(
    fc.property(text, text, (before, after) => {
      fs.writeFileSync(file, after);
      const diff = unifiedDiff('config', before, after);
      if (before === after) {
        t.is(diff, '');
        return;
      }
      const ran = spawnSync(patch, ['-R', '-s', '--posix', '-p0', file], { input: diff, encoding: 'utf8' });
      t.is(ran.status, 0, `${ran.stdout}${ran.stderr}\n${diff}`);
      t.is(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '', before);
      patched += 1;
    }),
    { numRuns: 60 },
  );
  t.true(patched > 20);
});
