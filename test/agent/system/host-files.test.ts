import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { systemHostFiles } from '../../../agent/system/host-files.ts';
import { testDirectory } from '../../helpers/directory.ts';

const ok = { ok: true, value: undefined };

test('a file is written whole with its mode, in place of what was there, and nothing is left beside it', (t) => {
  const root = testDirectory(t);
  const files = systemHostFiles(root);
  fs.writeFileSync(path.join(root, '.unit.certherd-new'), 'left by one that was killed');
  t.deepEqual(files.write('/unit', 'first', 0o644), ok);
  const { ino } = fs.statSync(path.join(root, 'unit'));
  t.deepEqual(files.write('/unit', 'second', 0o640), ok);
  t.is(files.text('/unit'), 'second');
  t.like(files.standing('/unit'), { kind: 'file', mode: 0o640, size: 6 });
  t.not(fs.statSync(path.join(root, 'unit')).ino, ino);
  t.deepEqual(files.names('/'), ['unit']);
});

test('a program is copied, shared and renamed, and no moment leaves its place empty', (t) => {
  const root = testDirectory(t);
  const files = systemHostFiles(root);
  const inode = (name: string) => fs.statSync(path.join(root, name)).ino;
  fs.writeFileSync(path.join(root, 'one'), Buffer.alloc(3_000_000, 7));
  t.deepEqual(files.copy('/one', '/program', 0o755), ok);
  t.like(files.standing('/program'), { mode: 0o755, size: 3_000_000 });
  t.is(files.digest('/program'), files.digest('/one'));
  t.deepEqual(files.share('/program', '/kept'), ok);
  t.is(inode('kept'), inode('program'));
  t.deepEqual(files.share('/kept', '/program'), ok, 'they are one file already');
  t.deepEqual(files.names('/'), ['kept', 'one', 'program']);
  t.deepEqual(files.write('/program', 'new', 0o755), ok);
  t.deepEqual(files.share('/kept', '/program'), ok);
  t.is(inode('kept'), inode('program'));
  t.deepEqual(files.rename('/kept', '/previous'), ok);
  t.deepEqual(files.names('/'), ['one', 'previous', 'program']);
});

test('while it is written a copy is for its owner alone, whatever the mode of what is copied', async (t) => {
  const root = testDirectory(t);
  const [source, beside] = [path.join(root, 'source'), path.join(root, '.program.certherd-new')];
  execFileSync('/usr/bin/mkfifo', [source]);
  fs.chmodSync(source, 0o6777);
  // The copy waits for what this says, which is what it sees of the copy at that moment.
  const seeing = `
    const fs = require('node:fs');
    const [source, beside] = process.argv.slice(1);
    const pipe = fs.openSync(source, 'w');
    const look = () => {
      const found = fs.statSync(beside, { throwIfNoEntry: false });
      if (!found) return setTimeout(look, 5);
      fs.writeSync(pipe, (found.mode & 0o7777).toString(8));
    };
    look();`;
  const child = spawn(process.execPath, ['-e', seeing, source, beside], { stdio: 'inherit', timeout: 20_000 });
  const ended = once(child, 'exit');
  const files = systemHostFiles(root);
  t.deepEqual(files.copy('/source', '/program', 0o755), ok);
  t.deepEqual(await ended, [0, null]);
  t.is(files.text('/program'), '600');
  t.like(files.standing('/program'), { mode: 0o755 });
});

test('what cannot be done is a failure with the path and the reason', (t) => {
  const root = testDirectory(t);
  const files = systemHostFiles(root);
  const missing = files.write('/no/unit', 'x', 0o644);
  t.deepEqual(missing, { ok: false, failure: { reason: 'io-error', detail: '/no/unit: ENOENT' } });
  t.is(files.standing('/no/unit'), undefined);
  t.is(files.digest('/no'), undefined);
  t.deepEqual(files.remove('/no'), ok, 'nothing there is fine');
  fs.mkdirSync(path.join(root, 'full'));
  fs.writeFileSync(path.join(root, 'full/file'), '');
  t.like(files.remove('/full'), { ok: false, failure: { detail: '/full: ENOTEMPTY' } });
  t.like(systemHostFiles().write('/proc/self/certherd', 'x', 0o644), { ok: false });
  t.true(files.freeBytes('/') > 0);
});

test('a link is seen as a link, and removed itself', (t) => {
  const root = testDirectory(t);
  const files = systemHostFiles(root);
  fs.writeFileSync(path.join(root, 'target'), 'x');
  fs.symlinkSync('target', path.join(root, 'link'));
  t.is(files.standing('/link')?.kind, 'link');
  t.deepEqual(files.remove('/link'), ok);
  t.deepEqual(files.names('/'), ['target']);
});
