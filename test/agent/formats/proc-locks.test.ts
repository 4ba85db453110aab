import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { heldLocks } from '../../../agent/formats/proc-locks.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('a lock that a process holds is found by the inode and device of its file, and one that waits is not', (t) => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 27530 fe:00:2221565 0 EOF',
    '1: -> POSIX  ADVISORY  WRITE 27531 fe:00:2221565 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 812 00:19:1043 0 EOF',
    '3: OFDLCK ADVISORY  READ -1 103:1ff:77 0 EOF',
  ].join('\n');
  t.deepEqual(heldLocks(text), [
    { pid: 27530, device: 65024, inode: 2221565 },
    { pid: 812, device: 25, inode: 1043 },
    { pid: -1, device: 0x1103ff, inode: 77 },
  ]);
});

test('what the kernel says of a lock just taken is what stat says of the file', async (t) => {
  const file = path.join(testDirectory(t), '.certbot.lock');
  const script = `import fcntl,sys\nf=open(${JSON.stringify(file)},'w')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint('held',flush=True)\nsys.stdin.read()`;
  const holder = spawn('/usr/bin/python3', ['-c', script]);
  t.teardown(() => holder.kill());
  await once(holder.stdout, 'data');
  const { ino: inode } = fs.statSync(file);
  const lock = heldLocks(fs.readFileSync('/proc/locks', 'utf8')).find((one) => one.inode === inode);
  t.is(lock?.pid, holder.pid);
});

test('any text is read', (t) => {
  const part = fc.constantFrom('1: ', 'POSIX  ADVISORY  WRITE ', '9', ' fe:00:1 0 EOF', '\n', '-> ');
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), (parts) => void heldLocks(parts.join(''))),
  );
  t.pass();
});
