import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { groupIn, nameOf, userIn } from '../../../agent/formats/accounts.ts';

test('root is found in the files of this machine', (t) => {
  const passwd = readFileSync('/etc/passwd', 'utf8');
  t.like(userIn(passwd, 'root'), { uid: 0, gid: 0, home: '/root' });
  t.is(groupIn(readFileSync('/etc/group', 'utf8'), 'root'), 0);
  t.is(nameOf(passwd, 0), 'root');
});

test('a name is that of a whole line, and lines without numbers are none', (t) => {
  const text = 'certherd-agent2:x:1:1::/:/bin/sh\n+certherd-agent::::::\ncertherd-agent:x:997:996:A b:/var/lib/x:\n';
  t.deepEqual(userIn(text, 'certherd-agent'), { uid: 997, gid: 996, home: '/var/lib/x', shell: '' });
  t.is(userIn('certherd-agent:x::::/:\n', 'certherd-agent'), undefined);
  t.is(groupIn('certherd-agent:x:99x:\n', 'certherd-agent'), undefined);
  t.is(nameOf(text, 5), '5');
});

test('any text is read to its end without an exception', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, name) => {
        userIn(text, name);
        groupIn(text, name);
        nameOf(text, 1);
      }),
    ),
  );
});
