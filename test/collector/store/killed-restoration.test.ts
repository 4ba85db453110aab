import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { enrolled } from '../../../scripts/bench/store/enrolled.ts';
import { removeLeftovers } from '../../../collector/store/sqlite/backup.ts';
import { restoreBackup } from '../../../collector/store/sqlite/restore.ts';
import { installedSqlite } from '../../../collector/store/sqlite/sqlite.ts';
import { openSqliteStore, type SqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { event, told } from '../helpers/example-snapshot.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

const sources = resolve(import.meta.dirname, '../../../collector/store/sqlite');
/** Where a restoration is killed: by the system call that it does not come to make. */
const points: [call: string, when: number, isRestored: boolean][] = [
  ['unlink', 1, false],
  // The live database's own files.
  ['unlink', 4, false],
  ['unlink', 6, false],
  ['link', 1, false],
  ['rename', 1, false],
  ['rmdir', 1, true],
];

function opened(directory: string): SqliteStore {
  const store = openSqliteStore(directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  return store.value;
}

async function contentOf(directory: string): Promise<{ seqs: number[]; restorations: number }> {
  const store = opened(directory);
  const seqs = (await store.events(0, 10)).map(({ event: { seq } }) => seq);
  const restorations = (await store.restorations()).length;
  await store.close();
  return { seqs, restorations };
}

test('a restoration that is killed leaves one of the two databases, whole; run again it does what it should, and nothing lies about', async (t) => {
  const place = temporaryDirectory(t);
  const lived = join(place, 'lived');
  mkdirSync(lived);
  const backup = join(place, 'backup.db');
  const store = opened(lived);
  await enrolled(store, 'agent-01', 1);
  await store.keepEvents('agent-01', 'epoch-0001', told(event(1)), 1);
  await store.copyTo(backup, () => {});
  await store.keepEvents('agent-01', 'epoch-0001', told(event(2)), 1);
  // As after a kill: what came last is in the write-ahead log.
  for (const [call, when] of points) cpSync(lived, join(place, `${call}-${when}`), { recursive: true });
  await store.close();
  const before = { seqs: [1, 2], restorations: 0 };
  const after = { seqs: [1], restorations: 1 };
  const unfinished = (directory: string) => readdirSync(directory).filter((name) => name.startsWith('restoring-'));
  for (const [call, when, isRestored] of points) {
    const point = `${call} ${when}`;
    const directory = join(place, `${call}-${when}`);
    const script = `const { restoreBackup } = await import(${JSON.stringify(`${sources}/restore.ts`)});
      const { installedSqlite } = await import(${JSON.stringify(`${sources}/sqlite.ts`)});
      restoreBackup(${JSON.stringify(directory)}, ${JSON.stringify(backup)}, Date.now(), installedSqlite);`;
    const inject = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${call}:signal=KILL:when=${when}`,
    ];
    const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
    const argv = [...inject, process.execPath, '--input-type=module', '-e', script];
    const child = spawn('/usr/bin/strace', argv, { stdio: 'ignore', env });
    const [, signal] = await once(child, 'close');
    t.is(signal, 'SIGKILL', point);
    t.is(unfinished(directory).length, 1, point);
    const started = `${directory}-started`;
    cpSync(directory, started, { recursive: true });
    t.deepEqual(await contentOf(started), isRestored ? after : before, point);
    for (const each of [directory, started]) {
      const again = restoreBackup(each, backup, Date.now(), installedSqlite);
      t.true(again.ok, point);
      t.deepEqual(await contentOf(each), after, point);
      t.deepEqual(unfinished(each), [], point);
    }
  }

  const name = 'restoring-a1B2c3';
  mkdirSync(join(place, name));
  removeLeftovers(place, Date.now());
  t.deepEqual(unfinished(place), [name], 'somebody may be at it');
  const longAgo = Date.now() / 1000 - 3700;
  utimesSync(join(place, name), longAgo, longAgo);
  removeLeftovers(place, Date.now());
  t.deepEqual(unfinished(place), []);
});

test('what root was to restore, and was killed at, keeps no collector of another account from starting', (t) => {
  const place = temporaryDirectory(t);
  const left = join(place, 'restoring-a1B2c3');
  mkdirSync(left);
  writeFileSync(join(left, 'certherd.db'), '');
  const longAgo = Date.now() / 1000 - 3700;
  utimesSync(left, longAgo, longAgo);
  chmodSync(left, 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(place, 65534, 65534);
  if (isRoot) process.seteuid?.(65534);
  try {
    t.notThrows(() => removeLeftovers(place, Date.now()));
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(left, 0o700);
  }
  t.deepEqual(readdirSync(left), ['certherd.db']);
});
