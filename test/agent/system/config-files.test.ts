import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { segmentPattern } from '../../../agent/formats/nginx-glob.ts';
import { systemConfigFiles } from '../../../agent/system/config-files.ts';
import { testDirectory } from '../../helpers/directory.ts';

const bytes = Buffer.from([0x23, 0xff, 0x0d, 0x0a]);

test('a file is replaced whole through its links, with its mode and owner, and nothing is left beside it', (t) => {
  const directory = testDirectory(t);
  const [target, link] = [path.join(directory, 'site'), path.join(directory, 'enabled')];
  fs.writeFileSync(target, 'before', { mode: 0o640 });
  fs.chmodSync(target, 0o640);
  fs.symlinkSync('site', link);
  const { ino, uid, gid } = fs.statSync(target);
  // what a killed process left
  fs.writeFileSync(path.join(directory, '.certherd-site'), 'half');
  t.deepEqual(systemConfigFiles().replace(link, target, bytes), { ok: true, value: undefined });
  t.deepEqual(fs.readFileSync(target), bytes);
  t.is(fs.readlinkSync(link), 'site');
  const after = fs.statSync(target);
  t.deepEqual([after.mode & 0o7777, after.uid, after.gid], [0o640, uid, gid]);
  t.not(after.ino, ino, 'it is another file, and was never half of one');
  t.deepEqual(fs.readdirSync(directory).sort(), ['enabled', 'site']);
});

test('the name that it is written under fits no include of all files', (t) => {
  for (const include of ['*', '*.conf', '?certherd-site.conf', '[.]certherd*'])
    t.false(segmentPattern(include)('.certherd-site.conf'), include);
});

test('where others may change a directory on the way, nothing is written', (t) => {
  const directory = testDirectory(t);
  const inner = path.join(directory, 'open', 'inner');
  fs.mkdirSync(inner, { recursive: true });
  const file = path.join(inner, 'site');
  fs.writeFileSync(file, 'before');
  const config = systemConfigFiles();
  t.true(config.replaceable(file).ok);
  for (const [place, mode] of [
    [inner, 0o775],
    [path.join(directory, 'open'), 0o777],
  ] as const) {
    fs.chmodSync(place, mode);
    for (const answer of [config.replaceable(file), config.replace(file, file, bytes)]) {
      t.like(answer, { ok: false, failure: { reason: 'permission-denied' } });
      if (!answer.ok) t.true(answer.failure.detail.includes(`others may change ${place},`), answer.failure.detail);
    }
    fs.chmodSync(place, 0o755);
  }
  t.is(fs.readFileSync(file, 'utf8'), 'before');
  // in a sticky directory nobody else can swap what is ours
  fs.chmodSync(inner, 0o1777);
  t.true(config.replaceable(file).ok);
});

test('a file that is gone, or leads nowhere, is a failure', (t) => {
  const directory = testDirectory(t);
  fs.symlinkSync('nowhere', path.join(directory, 'link'));
  for (const name of ['absent', 'link']) {
    t.like(systemConfigFiles().replaceable(path.join(directory, name)), { ok: false, failure: { reason: 'io-error' } });
    const file = path.join(directory, name);
    t.like(systemConfigFiles().replace(file, file, bytes), { ok: false });
  }
});

test('a link that another user may swap is not followed, wherever it leads', (t) => {
  const directory = testDirectory(t);
  const [ours, theirs] = [path.join(directory, 'ours'), path.join(directory, 'theirs')];
  for (const one of [ours, theirs]) fs.mkdirSync(one);
  const target = path.join(ours, 'site');
  fs.writeFileSync(target, 'before');
  const link = path.join(theirs, 'site');
  fs.symlinkSync(target, link);
  const config = systemConfigFiles();
  t.true(config.replaceable(link).ok);
  fs.chmodSync(theirs, 0o777);
  const refused = { ok: false, failure: { reason: 'permission-denied' } };
  t.like(config.replaceable(link), refused);
  t.like(config.replace(link, target, bytes), refused);
  // a directory on the way that is itself a link out of it
  fs.symlinkSync(ours, path.join(theirs, 'way'));
  t.like(config.replaceable(path.join(theirs, 'way', 'site')), refused);
  t.is(fs.readFileSync(target, 'utf8'), 'before');
});

test('what a path leads to since the plan was made is not written', (t) => {
  const directory = testDirectory(t);
  const [one, other, link] = ['one', 'other', 'link'].map((name) => path.join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const file of [one, other]) fs.writeFileSync(file, 'before');
  fs.symlinkSync(other, link);
  t.like(systemConfigFiles().replace(link, one, bytes), { ok: false, failure: { reason: 'links-disagree' } });
  for (const file of [one, other]) t.is(fs.readFileSync(file, 'utf8'), 'before');
});
