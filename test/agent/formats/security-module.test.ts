import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readConfinement } from '../../../agent/formats/security-module.ts';

test('profiles of AppArmor and contexts of SELinux are told apart from processes that nothing confines', (t) => {
  const apparmor = (text: string) => readConfinement(text, undefined);
  t.deepEqual(apparmor('/usr/bin/certherd-agent (enforce)\n'), {
    module: 'AppArmor',
    label: '/usr/bin/certherd-agent',
    enforces: true,
  });
  t.is(apparmor('my profile//hat (complain)\n')?.enforces, false);
  for (const text of ['unconfined\n', '', 'docker-default']) t.is(apparmor(text), undefined, text);
  const selinux = (context: string, enforces = '1') => readConfinement(`${context}\0`, enforces);
  t.deepEqual(selinux('system_u:system_r:httpd_t:s0-s0:c0.c1023'), {
    module: 'SELinux',
    label: 'system_u:system_r:httpd_t:s0-s0:c0.c1023',
    enforces: true,
  });
  t.is(selinux('system_u:system_r:httpd_t:s0', '0\n')?.enforces, false);
  for (const type of ['unconfined_t', 'unconfined_service_t', 'init_t', 'initrc_t', 'kernel_t'])
    t.is(selinux(`system_u:system_r:${type}:s0`), undefined, type);
  t.is(selinux('kernel'), undefined);
});

test('any text is read to its end without an exception', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.option(fc.string(), { nil: undefined }),
        fc.option(fc.string(), { nil: undefined }),
        (one, other) => {
          const read = readConfinement(one, other);
          return read === undefined || read.label !== '';
        },
      ),
    ),
  );
});
