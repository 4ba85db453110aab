import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { makeDirectory } from '../../../agent/system/make-directory.ts';
import { takeLock } from '../../../agent/system/lock.ts';
import { systemState } from '../../../agent/system/state.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('a directory is made with those above it, for its owner alone, and may be there already', (t) => {
  const root = testDirectory(t);
  const deep = path.join(root, 'a', 'b', 'c');
  makeDirectory(deep);
  makeDirectory(deep);
  t.is(fs.statSync(deep).mode & 0o777, 0o700);
  t.is(fs.statSync(path.join(root, 'a')).mode & 0o777, 0o700);
  fs.symlinkSync(deep, path.join(root, 'link'));
  makeDirectory(path.join(root, 'link'));
  fs.writeFileSync(path.join(root, 'file'), '');
  t.throws(() => makeDirectory(path.join(root, 'file')), { code: 'EEXIST' });
  t.throws(() => makeDirectory(path.join(root, 'file', 'x')), { code: 'ENOTDIR' });
});

test('below /proc, where nothing can be made, it fails and does not hang', (t) => {
  t.throws(() => makeDirectory('/proc/certherd/state'), { code: 'ENOENT' });
  t.throws(() => takeLock('/proc/certherd/state', 'action'), { code: 'ENOENT' });
  t.like(systemState('/proc/certherd/state').write('memory.json', '{}'), {
    ok: false,
    failure: { reason: 'io-error' },
  });
});
