import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import type { ActPorts } from '../../../agent/act/act.ts';
import { controlOf } from '../../../agent/act/servers/control-of.ts';
import type { Programs } from '../../../agent/ports.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { config, observed } from '../../helpers/observed.ts';

/** A machine that systemd runs, with one process of a server in its unit until it ends. */
function booted(name: string, argv: string[], unit: string, more: Record<string, string> = {}) {
  const processes = { alive: true };
  const ran: string[][] = [];
  const programs: Programs = (line) => {
    ran.push(line);
    return Promise.resolve(success({ exitCode: 0, output: '', timedOut: false }));
  };
  const texts: Record<string, string> = {
    '/proc/1/comm': 'systemd\n',
    '/proc/77/comm': `${name}\n`,
    '/proc/77/stat': `77 (${name}) S 1 ${'0 '.repeat(17)}1000 0`,
    '/proc/77/cmdline': argv.join('\0'),
    '/proc/77/cgroup': `0::/system.slice/${unit}\n`,
    '/proc/77/status': 'Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n',
    ...more,
  };
  const proc = {
    list: () => [...(processes.alive ? ['1', '77'] : ['1']), ...(more['/proc/78/stat'] ? ['78'] : [])],
    read: (path: string) => (processes.alive || !path.startsWith('/proc/77/') ? texts[path] : undefined),
    readlink: () => 'net:[1]',
  };
  const absent = () => failed('not-found', '');
  const files = { ...systemFiles(), read: absent, resolve: absent };
  // only what a control asks for
  const ports = { files, proc, programs, signal: () => failed('not-running', 'not asked') } as unknown as ActPorts;
  return { ports, processes, ran };
}

test('a server that systemd runs is reloaded through its unit, and started through it only after its own reload ended it', async (t) => {
  const { ports, processes, ran } = booted('apache2', ['/usr/sbin/apache2', '-k', 'start'], 'apache2.service');
  const configFile = '/etc/apache2/apache2.conf';
  const servers = [{ server: 'apache' as const, configFile, configFiles: [configFile] }];
  const control = controlOf('apache', config('deploy'), observed({ servers }), ports);
  t.is(control?.names.reload, 'systemctl reload apache2.service');
  t.is(await control?.test(), undefined);
  t.is(await control?.reload(), undefined);
  processes.alive = false;
  const refused = await control?.reload();
  t.is(refused?.reason, 'reload-failed', 'nothing is started that did not run');
  t.is(await control?.revive(), undefined);
  t.deepEqual(ran, [
    ['/usr/sbin/apache2', '-d', '/etc/apache2', '-f', configFile, '-t'],
    ['/usr/bin/systemctl', 'reload', 'apache2.service'],
    ['/usr/bin/systemctl', 'reload-or-restart', 'apache2.service'],
  ]);
});

test("a process of another user's that is called like the server does not stand in the way of its reload", async (t) => {
  const argv = ['/usr/sbin/apache2', '-k', 'start'];
  const twin = {
    '/proc/78/comm': 'apache2\n',
    '/proc/78/stat': `78 (apache2) S 1 ${'0 '.repeat(17)}1000 0`,
    '/proc/78/cmdline': argv.join('\0'),
    '/proc/78/status': 'Uid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000\n',
  };
  const { ports, ran } = booted('apache2', argv, 'apache2.service', twin);
  const configFile = '/etc/apache2/apache2.conf';
  const servers = [{ server: 'apache' as const, configFile, configFiles: [configFile] }];
  const control = controlOf('apache', config('deploy'), observed({ servers }), ports);
  t.is(await control?.reload(), undefined);
  t.deepEqual(ran, [['/usr/bin/systemctl', 'reload', 'apache2.service']]);
});

test("Debian's haproxy.service is reloaded through systemd, and its test is of the config that was found", async (t) => {
  const configFile = '/etc/haproxy/haproxy.cfg';
  const argv = ['/usr/sbin/haproxy', '-Ws', '-f', configFile, '-p', '/run/haproxy.pid'];
  const { ports, ran } = booted('haproxy', argv, 'haproxy.service');
  const servers = [{ server: 'haproxy' as const, configFile, configFiles: [configFile] }];
  const control = controlOf('haproxy', config('deploy'), observed({ servers }), ports);
  t.is(await control?.test(), undefined);
  t.is(await control?.reload(), undefined);
  t.deepEqual(ran, [
    ['/usr/sbin/haproxy', '-c', '-f', configFile],
    ['/usr/bin/systemctl', 'reload', 'haproxy.service'],
  ]);
  t.is(controlOf('apache', config('deploy'), observed({ servers }), ports), undefined, 'there is no Apache');
});
