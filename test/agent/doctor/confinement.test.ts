import type { Diagnosis } from '@certherd/command-line/diagnosis';
import test from 'ava';
import { observeConfinement } from '../../../agent/doctor/gather/confinement.ts';
import { judgeRights } from '../../../agent/doctor/judge/rights.ts';
import { judgeUpgrade } from '../../../agent/doctor/judge/upgrade.ts';
import { daemon, installation } from '../../helpers/example-installation.ts';

const wrongs = (told: readonly Diagnosis[]) => told.filter((one) => one.verdict === 'wrong');

test('a kept program is an upgrade to be settled, but while one goes on, beside a package, or where that is not told', (t) => {
  const told = (isUnderWay: boolean | 'unknown', isPackaged = false) => judgeUpgrade({ isUnderWay, isPackaged })[0];
  t.deepEqual(judgeUpgrade(undefined), []);
  t.is(told(true)?.verdict, 'ok');
  t.is(told('unknown')?.verdict, 'not-told');
  t.like(told(false), {
    verdict: 'wrong',
    fix: 'certherd-agent upgrade (it proves the program in place, or goes back)',
  });
  t.like(told(false, true), { verdict: 'wrong', fix: 'rm /usr/bin/certherd-agent.kept' });
});

test('a security module is told where it may keep something from the daemon, and where root is refused in spite of all modes', (t) => {
  const files = { '/proc/42/attr/current': 'certherd (enforce)\n', '/proc/self/attr/current': 'unconfined\n' };
  const proc = (more: Record<string, string> = {}) => ({
    list: () => undefined,
    readlink: () => undefined,
    read: (path: string) => ({ ...files, ...more })[path],
  });
  const confined = observeConfinement(proc(), daemon.pid);
  t.deepEqual(confined, { module: 'AppArmor', label: 'certherd', enforces: true });
  t.is(observeConfinement(proc(), 'self'), undefined);
  const enforce = { '/sys/fs/selinux/enforce': '1' };
  const context = 'system_u:system_r:certherd_t:s0';
  t.deepEqual(observeConfinement(proc({ ...enforce, '/proc/42/attr/current': `${context}\0` }), 42), {
    module: 'SELinux',
    label: context,
    enforces: true,
  });
  const unconfined = { ...enforce, '/proc/42/attr/current': 'system_u:system_r:unconfined_service_t:s0' };
  t.is(observeConfinement(proc(unconfined), 42), undefined);
  t.is(observeConfinement({ ...proc(), read: () => undefined }, 42), undefined);

  const rights = { ...daemon, uid: 0, capabilities: 2n, readOnlyMounts: [], processesHidden: false };
  const { daemon: _, ...alone } = installation;
  const refused = (own: typeof rights) =>
    wrongs(judgeRights({ own, unread: ['/etc/letsencrypt/live'], nothing: false }, alone))[0];
  t.like(refused(rights), { check: 'rights-read', fix: 'journalctl -k --grep=denied (what to allow is in its lines)' });
  t.is(refused({ ...rights, capabilities: 0n })?.fix, 'Run it with CAP_DAC_READ_SEARCH.');
  const facts = { own: rights, unread: [], nothing: false };
  const told = (confinement?: typeof confined) =>
    judgeRights(facts, {
      ...installation,
      daemon: { ...daemon, rights: { ...rights, capabilities: 4n }, ...(confinement && { confinement }) },
    }).find(({ check }) => check === 'rights-confined');
  t.like(told(confined), { verdict: 'not-told', fix: 'journalctl -k --grep=denied' });
  t.is(told(), undefined);
});
