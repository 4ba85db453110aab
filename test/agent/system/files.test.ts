import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import test, { type ExecutionContext } from 'ava';
import { maxFileBytes, systemFiles } from '../../../agent/system/files.ts';

function directoryFor(t: ExecutionContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'certherd-files-')));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

function reasonOf(result: Result<unknown>): string {
  return result.ok ? 'read' : result.failure.reason;
}

/** Root reads everything: judge as nobody for a moment, without any await in between. */
function unprivileged<T>(look: () => T): T {
  if (process.geteuid?.() !== 0) return look();
  process.seteuid?.(65534);
  try {
    return look();
  } finally {
    process.seteuid?.(0);
  }
}

test('a regular file comes with its bytes, mode and time', (t) => {
  const path = join(directoryFor(t), 'a');
  writeFileSync(path, 'text');
  chmodSync(path, 0o640);
  utimesSync(path, 1000, 1000.5);
  const content = systemFiles().read(path);
  t.true(content.ok);
  if (!content.ok) return;
  t.is(new TextDecoder().decode(content.value.bytes), 'text');
  t.like(content.value, { mode: 0o640, modifiedAt: 1_000_500 });
});

test('a file may hold nothing or one mebibyte, and no byte more', (t) => {
  const path = join(directoryFor(t), 'a');
  const files = systemFiles();
  for (const size of [0, 1, maxFileBytes]) {
    writeFileSync(path, Buffer.alloc(size, 1));
    const content = files.read(path);
    t.is(content.ok && content.value.bytes.length, size);
  }
  writeFileSync(path, Buffer.alloc(maxFileBytes + 1));
  t.is(reasonOf(files.read(path)), 'too-large');
});

test('a file that tells no size is read all the same', (t) => {
  const content = systemFiles().read('/proc/self/status');
  t.true(content.ok && new TextDecoder().decode(content.value.bytes).startsWith('Name:'));
});

test('a file of the kernel that tells no size is read no further than the limit', (t) => {
  t.is(reasonOf(systemFiles().read('/proc/kallsyms')), 'too-large');
});

test('pipes, devices, sockets and directories are refused at once', async (t) => {
  const directory = directoryFor(t);
  const pipe = join(directory, 'pipe');
  const socket = join(directory, 'socket');
  execFileSync('mkfifo', [pipe]);
  const server = createServer().listen(socket);
  t.teardown(() => server.close());
  await once(server, 'listening');
  symlinkSync('/dev/zero', join(directory, 'zero'));
  for (const path of [pipe, socket, directory, '/dev/zero', '/dev/tty', join(directory, 'zero')])
    t.is(reasonOf(systemFiles().read(path)), 'not-a-regular-file', path);
});

test('each way to be missing or closed has its reason', (t) => {
  const directory = directoryFor(t);
  const path = (name: string): string => join(directory, name);
  const files = systemFiles();
  writeFileSync(path('closed'), '', { mode: 0 });
  mkdirSync(path('closed.d'), { mode: 0 });
  chmodSync(directory, 0o755);
  symlinkSync('round', path('round'));
  symlinkSync('nowhere', path('dangling'));
  const cases: [string, string][] = [
    ['absent', 'not-found'],
    ['dangling', 'not-found'],
    ['closed/below', 'not-found'],
    ['a\0b', 'not-found'],
    ['x'.repeat(300), 'not-found'],
    ['round', 'link-broken'],
    ['closed', 'permission-denied'],
    ['closed.d/below', 'permission-denied'],
  ];
  for (const [name, reason] of cases)
    t.is(
      unprivileged(() => reasonOf(files.read(path(name)))),
      reason,
      name,
    );
  t.is(
    unprivileged(() => reasonOf(files.list(path('closed.d')))),
    'permission-denied',
  );
  t.is(reasonOf(files.list(path('absent'))), 'not-found');
  t.is(reasonOf(files.list(path('closed'))), 'not-found');
  t.is(reasonOf(files.resolve(path('round'))), 'link-broken');
  t.is(reasonOf(files.linkChangedAt(path('absent'))), 'not-found');
});

test('names are sorted by code unit', (t) => {
  const directory = directoryFor(t);
  for (const name of ['b', 'a', '.c', 'ä', 'B', '10', '9']) writeFileSync(join(directory, name), '');
  t.deepEqual(systemFiles().list(directory), { ok: true, value: ['.c', '10', '9', 'B', 'a', 'b', 'ä'] });
});

test('links are followed to their end, and have a time of their own', (t) => {
  const directory = directoryFor(t);
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('file'), '');
  utimesSync(path('file'), 1000, 1000);
  symlinkSync('file', path('middle'));
  symlinkSync('middle', path('link'));
  const files = systemFiles();
  t.deepEqual(files.resolve(path('link')), { ok: true, value: path('file') });
  t.deepEqual(files.linkChangedAt(path('file')), { ok: true, value: 1_000_000 });
  const changed = files.linkChangedAt(path('link'));
  t.true(changed.ok && changed.value > 1_000_000);
});
