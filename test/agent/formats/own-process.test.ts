import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { mountOf, readMounts, readProcessRights } from '../../../agent/formats/own-process.ts';

test('the rights of this very process are read from what the kernel says', (t) => {
  const rights = readProcessRights(readFileSync('/proc/self/status', 'utf8'));
  t.is(rights?.uid, process.geteuid?.());
  const mounts = readMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  t.true(mounts.length > 0);
  t.is(mountOf(mounts, '/proc/self/status')?.point, '/proc');
});

test("a unit's rights are told apart from root's, and a sandbox's mounts from a file system that nobody can write", (t) => {
  const status = 'Name:\tnode\nUid:\t999\t998\t998\t998\nCapEff:\t0000000000000004\nNoNewPrivs:\t1\nSeccomp:\t2\n';
  t.deepEqual(readProcessRights(status), { uid: 998, capabilities: 4n, noNewPrivileges: true, filtered: true });
  const mounts = readMounts(
    [
      '22 1 254:1 / / ro,relatime shared:1 - ext4 /dev/vda1 rw,discard',
      '23 22 0:21 / /run rw,nosuid shared:2 - tmpfs tmpfs rw,size=1k',
      '24 22 7:0 / /mnt/my\\040disc ro - iso9660 /dev/sr0 ro',
      '25 23 0:21 /nginx /run/nginx ro master:4 - tmpfs tmpfs rw',
    ].join('\n'),
  );
  const of = (path: string) => mountOf(mounts, path);
  t.deepEqual(of('/var/log/nginx/error.log'), { point: '/', readOnly: true, writableElsewhere: true });
  t.deepEqual(of('/run/nginx.pid'), { point: '/run', readOnly: false, writableElsewhere: true });
  t.is(of('/run/nginx/x')?.readOnly, true);
  t.deepEqual(of('/mnt/my disc/x'), { point: '/mnt/my disc', readOnly: true, writableElsewhere: false });
  t.is(of('/runner')?.point, '/');
});

test('any text is read to its end without an exception', (t) => {
  const line = fc.array(fc.oneof(fc.string(), fc.constantFrom('-', 'ro', '/', '\\040', '1', 'rw')), { maxLength: 14 });
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.array(line.map((words) => words.join(' '))), fc.string(), (lines, path) => {
        const text = lines.join('\n');
        mountOf(readMounts(text), path);
        return readProcessRights(text) === undefined;
      }),
    ),
  );
});
