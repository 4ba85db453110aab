import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { atOnce } from '../../../agent/formats/steps.ts';
import { readAccounts } from '../../../agent/observe/accounts.ts';
import { keyFileSteps } from '../../../agent/observe/key-exposure.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemPermissions } from '../../../agent/system/permissions.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { observed, upkeep } from '../../helpers/observed.ts';
import { judgeUpkeep } from '../../helpers/upkeep.ts';

const ports = { files: systemFiles(), permissions: systemPermissions() };
const asRoot = process.getuid?.() === 0 ? test : test.skip;

/** A key under directories that everybody may enter, with accounts of its own: deploy (1001) and backup in group keys (4001). */
function place(t: Parameters<typeof testDirectory>[0]) {
  const root = testDirectory(t);
  fs.chmodSync(root, 0o755);
  fs.mkdirSync(path.join(root, 'etc/tls'), { recursive: true });
  fs.writeFileSync(
    path.join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\ndeploy:x:1001:1001::/home/deploy:/bin/sh\n',
  );
  fs.writeFileSync(
    path.join(root, 'etc/group'),
    'root:x:0:\nwww-data:x:33:\nssl-cert:x:110:postgres\ndeploy:x:1001:\nkeys:x:4001:backup,www-data\nweb:x:4002:\n',
  );
  const key = path.join(root, 'etc/tls/shop.key');
  fs.writeFileSync(key, 'not a key at all', { mode: 0o600 });
  const look = (trusted: string[] = []) => {
    const keyFiles = atOnce(keyFileSteps(ports, readAccounts(ports.files, root), [key, key, '', 'engine:x'], trusted));
    const [finding, ...more] = judgeUpkeep({ ...observed(), ...upkeep({ keyFiles }) });
    t.deepEqual(more, []);
    return finding;
  };
  return { root, key, look };
}

test('a key for its owner alone is no finding', (t) => {
  t.is(place(t).look(), undefined);
});

test('a key that everybody can read is critical until the printed remedy ran', (t) => {
  const { key, look } = place(t);
  fs.chmodSync(key, 0o644);
  const finding = look();
  t.is(finding?.code, 'key-exposed');
  t.is(finding?.severity, 'critical');
  t.deepEqual(finding?.subject, { kind: 'file', id: key });
  t.is(finding?.evidence.mode, '0644');
  t.regex(finding?.cause ?? '', /every account on this host can read the private key/);
  t.is(finding?.remedy, `chmod o= ${key}`);
  execFileSync('chmod', finding?.remedy.split(' ').slice(1) ?? []);
  t.is(look(), undefined);
});

test('a key that others may read under a directory that they may not enter is no finding, as with old certbots', (t) => {
  const { key, look } = place(t);
  fs.chmodSync(key, 0o644);
  fs.chmodSync(path.dirname(key), 0o700);
  t.is(look(), undefined);
});

test('a directory in which everybody may put another key is a finding, a sticky one is not', (t) => {
  const { key, look } = place(t);
  fs.chmodSync(path.dirname(key), 0o777);
  const finding = look();
  t.is(finding?.severity, 'critical');
  t.is(finding?.remedy, `chmod o-w ${path.dirname(key)}`);
  fs.chmodSync(path.dirname(key), 0o1777);
  t.is(look(), undefined);
  fs.chmodSync(path.dirname(key), 0o777);
  execFileSync('chmod', finding?.remedy.split(' ').slice(1) ?? []);
  t.is(look(), undefined);
});

asRoot('a group is judged by who is in it: root, ssl-cert, the server and the owner alone may read', (t) => {
  const { key, look } = place(t);
  fs.chmodSync(key, 0o640);
  for (const [uid, gid] of [
    [0, 0],
    [0, 33],
    [0, 110],
    [1001, 1001],
    [0, 4002],
  ] as const) {
    fs.chownSync(key, uid, gid);
    t.is(look(), undefined, `${uid}:${gid}`);
  }
  fs.chownSync(key, 0, 4001);
  const finding = look();
  t.is(finding?.severity, 'warning');
  t.is(finding?.evidence.readers, 'backup, www-data');
  t.is(look(['keys']), undefined, "the server's own group, as nginx.conf names it");
  fs.chownSync(key, 0, 4999);
  t.is(look()?.evidence.readers, 'group 4999', 'a group of a directory service');
  fs.chownSync(key, 0, 4001);
  t.is(finding?.remedy, `chmod g= ${key}`);
  execFileSync('chmod', finding?.remedy.split(' ').slice(1) ?? []);
  t.is(look(), undefined);
});

test("permissions are read of a file that may not be read, of a FIFO at once, and not of one that isn't there", (t) => {
  const { root, key } = place(t);
  fs.chmodSync(key, 0o000);
  t.is(ports.permissions.of(key).ok, true);
  execFileSync('mkfifo', [path.join(root, 'pipe')]);
  t.true(ports.permissions.of(path.join(root, 'pipe')).ok);
  const gone = ports.permissions.of(path.join(root, 'gone'));
  t.is(gone.ok || gone.failure.reason, 'not-found');
  const [observation] = atOnce(keyFileSteps(ports, readAccounts(ports.files, root), [path.join(root, 'gone')]));
  t.is(observation?.failure?.reason, 'not-found');
});
